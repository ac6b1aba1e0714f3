/** What the browser knows and a connection profits from. */
export interface BrowserSignals {
  online(): void;
  offline(): void;
  /** The page is seen again. */
  seen(): void;
  /** The page may be gone in a moment. */
  leaving(): void;
}

/** Follows them where there is a browser; returns how to stop. */
export function followBrowser(signals: BrowserSignals): () => void {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const seen = (): void => {
    if (globalThis.document?.visibilityState !== 'hidden') {
      signals.seen();
    }
  };
  // Workers have some of these, and Node has none.
  globalThis.addEventListener?.('online', () => signals.online(), options);
  globalThis.addEventListener?.('offline', () => signals.offline(), options);
  globalThis.document?.addEventListener('visibilitychange', seen, options);
  // A page that comes back from the back/forward cache has lost its socket without having seen it close.
  globalThis.addEventListener?.('pageshow', seen, options);
  globalThis.addEventListener?.('pagehide', () => signals.leaving(), options);
  return () => stop.abort();
}
