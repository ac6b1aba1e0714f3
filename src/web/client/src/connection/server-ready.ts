const timeoutMs = 5000;

/** Whether the server whose event streams are at this address answers, and takes connections (protocol 9.7). */
export async function isServerReady(stream: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('../readyz', stream), { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
    return response.ok;
  } catch {
    // That nobody answers is the answer.
    return false;
  }
}
