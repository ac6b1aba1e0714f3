const timeoutMs = 5000;

/** Whether the server that has this address answers, and takes connections (protocol 9.7). */
export async function isServerReady(address: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/readyz', address), { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    return response.ok;
  } catch {
    // That nobody answers is the answer.
    return false;
  }
}
