const timeoutMs = 5000;

/** Whether the server answers at this address (`/readyz`) and takes connections (protocol 9.7); never rejects. */
export function isServerReady(readyz: URL): Promise<boolean> {
  return fetch(readyz, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) }).then(
    (response) => response.ok,
    // That nobody answers is the answer.
    () => false,
  );
}
