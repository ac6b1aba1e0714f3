const prefix = '#/t/';

/** The thread that an address names. */
export function readRoute(hash: string): string | undefined {
  if (!hash.startsWith(prefix)) {
    return undefined;
  }
  try {
    return decodeURIComponent(hash.slice(prefix.length)) || undefined;
  } catch {
    // Somebody has mistyped it.
    return undefined;
  }
}

export function routeOf(threadId: string): string {
  return prefix + encodeURIComponent(threadId);
}
