import { useState } from 'preact/hooks';

const prefix = 'netra.draft.';

/** Where the draft of this user in this thread is kept, in this tab. */
export function draftKey(userId: string, threadId: string): string {
  return `${prefix}${userId}.${threadId}`;
}

/** What this user was typing, in any thread. */
export function forgetDrafts(userId: string): void {
  Object.keys(sessionStorage)
    .filter((key) => key.startsWith(`${prefix}${userId}.`))
    .forEach((key) => sessionStorage.removeItem(key));
}

/** What somebody is typing: kept while the page is left, or loaded again, until it is sent. */
export function useDraft(key: string): [draft: string, setDraft: (draft: string) => void, forget: () => void] {
  const [draft, setDraft] = useState(() => sessionStorage.getItem(key) ?? '');
  const change = (next: string): void => {
    setDraft(next);
    if (next === '') {
      forget();
    } else {
      sessionStorage.setItem(key, next);
    }
  };
  const forget = (): void => sessionStorage.removeItem(key);
  return [draft, change, forget];
}
