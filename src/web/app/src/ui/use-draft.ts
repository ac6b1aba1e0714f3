import { useEffect, useRef, useState } from 'preact/hooks';

/** Where the draft of this user is kept, in this tab. */
export function draftKey(userId: string): string {
  return `netra.draft.${userId}`;
}

export function forgetDraft(userId: string): void {
  sessionStorage.removeItem(draftKey(userId));
}

/** What somebody is typing. With a key it is kept while the page is left, as it is for signing in elsewhere. */
export function useDraft(key: string | undefined): [draft: string, setDraft: (draft: string) => void] {
  const [draft, setDraft] = useState(() => (key === undefined ? '' : (sessionStorage.getItem(key) ?? '')));
  const latest = useRef(draft);
  latest.current = draft;
  useEffect(() => {
    if (key === undefined) {
      return undefined;
    }
    const keep = (): void => sessionStorage.setItem(key, latest.current);
    window.addEventListener('pagehide', keep);
    return () => window.removeEventListener('pagehide', keep);
  }, [key]);
  return [draft, setDraft];
}
