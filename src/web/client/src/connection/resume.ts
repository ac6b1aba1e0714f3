/** Where a client that has no history begins: with what happens from now on, or with everything that is kept. */
export type Start = 'now' | 'kept';

export interface Resume {
  readonly epoch: string;
  readonly seq: number;
  readonly from: number;
}

/** The parameters that say what the connection brings, and not who connects. */
export const resumeParameters: readonly string[] = ['epoch', 'seq', 'from', 'join'];

/** The address of a handshake (protocol 2.1). */
export function handshakeUrl(
  base: string,
  parameters: Readonly<Record<string, string>>,
  start: Start,
  resume: Resume | undefined,
): string {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  if (resume !== undefined) {
    url.searchParams.set('epoch', resume.epoch);
    url.searchParams.set('seq', String(resume.seq));
    url.searchParams.set('from', String(resume.from));
  } else if (start === 'kept') {
    url.searchParams.set('seq', '0');
  }
  url.searchParams.set('join', '1');
  return url.href;
}
