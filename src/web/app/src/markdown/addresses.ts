const schemes: ReadonlySet<string> = new Set(['http:', 'https:', 'mailto:']);

/** The address of a link in an answer, when it may be followed: a whole one, and of a kind that runs nothing. */
export function safeAddress(href: string): string | undefined {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  return url !== undefined && schemes.has(url.protocol) ? url.href : undefined;
}
