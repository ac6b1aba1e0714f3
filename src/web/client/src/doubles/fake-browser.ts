import { vi } from 'vitest';

/** A browser as far as a connection follows one; what it tells is said by `dispatch`. `vi.unstubAllGlobals` ends it. */
export function fakeBrowser(): { dispatch(name: string): void; readonly document: EventTarget & { visibilityState: string } } {
  const target = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
  vi.stubGlobal('document', document);
  return {
    document,
    dispatch: (name) => void (name === 'visibilitychange' ? document : target).dispatchEvent(new Event(name)),
  };
}
