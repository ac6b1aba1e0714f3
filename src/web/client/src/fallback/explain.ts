/** What the problem document says, or these words where there is none: a proxy's answer may be anything. */
export async function explain(response: Response, otherwise: string): Promise<string> {
  try {
    const { detail } = (await response.json()) as { readonly detail?: unknown };
    if (typeof detail === 'string') {
      return detail;
    }
  } catch {
    // Then the other words have to do.
  }
  return otherwise;
}
