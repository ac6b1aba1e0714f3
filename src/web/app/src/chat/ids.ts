/** A random name: unlike `crypto.randomUUID`, also where a page was loaded without TLS. */
export function randomId(prefix: string, bytes = 12): string {
  const values = crypto.getRandomValues(new Uint8Array(bytes));
  return `${prefix}-${Array.from(values, (value) => (value % 36).toString(36)).join('')}`;
}
