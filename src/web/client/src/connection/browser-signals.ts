import type { Connection } from './connection.js';

/** Lets a connection profit from what the browser knows; returns how to stop. */
export function followBrowser(connection: Connection): () => void {
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const retryWhenVisible = (): void => {
    if (document.visibilityState === 'visible') {
      connection.retryNow();
    }
  };
  window.addEventListener('online', () => connection.online(), options);
  window.addEventListener('offline', () => connection.offline(), options);
  document.addEventListener('visibilitychange', retryWhenVisible, options);
  // A page that comes back from the back/forward cache has lost its socket without having seen it close.
  window.addEventListener('pageshow', retryWhenVisible, options);
  return () => stop.abort();
}
