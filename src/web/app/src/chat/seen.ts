/** How far somebody has read in this browser. Numbers belong to one history, which the epoch names. */
export interface Seen {
  readonly epoch: string;
  /** Up to here everything counts as read. */
  readonly all: number;
  /** By thread, where it is more. */
  readonly threads: ReadonlyMap<string, number>;
}

/** Beyond so many threads the ones that were read longest ago count as read up to where they were. */
const maxThreads = 200;

export function isSeen(seen: Seen | undefined, threadId: string, seq: number): boolean {
  return seen === undefined || seq <= Math.max(seen.all, seen.threads.get(threadId) ?? 0);
}

export function see(seen: Seen, threadId: string, seq: number): Seen {
  const threads = new Map(seen.threads).set(threadId, seq);
  if (threads.size <= maxThreads) {
    return { ...seen, threads };
  }
  const read = [...threads].sort(([, a], [, b]) => b - a);
  return { ...seen, all: Math.max(seen.all, read[maxThreads]![1]), threads: new Map(read.slice(0, maxThreads)) };
}

/** What was read in either of two tabs. */
export function merge(a: Seen, b: Seen | undefined): Seen {
  if (a.epoch !== b?.epoch) {
    return a;
  }
  const threads = new Map(a.threads);
  b.threads.forEach((seq, id) => threads.set(id, Math.max(threads.get(id) ?? 0, seq)));
  return { epoch: a.epoch, all: Math.max(a.all, b.all), threads };
}

export function seenKey(userId: string): string {
  return `netra.seen.${userId}`;
}

export function writeSeen({ threads, ...seen }: Seen): string {
  return JSON.stringify({ ...seen, threads: [...threads] });
}

/** `undefined` for what no page has written. */
export function readSeen(text: string | null): Seen | undefined {
  try {
    const { epoch, all, threads } = JSON.parse(text ?? '{}') as { epoch?: unknown; all?: unknown; threads?: unknown };
    const usable = typeof epoch === 'string' && Number.isSafeInteger(all) && Array.isArray(threads) && threads.every(isEntry);
    return usable ? { epoch, all: all as number, threads: new Map(threads as [string, number][]) } : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(entry: unknown): boolean {
  return Array.isArray(entry) && typeof entry[0] === 'string' && Number.isSafeInteger(entry[1]);
}
