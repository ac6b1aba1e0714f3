const baseMs = 500;
const capMs = 20_000;

/** Full jitter: anywhere between nothing and a bound that doubles with every attempt, so that a crowd spreads out. */
export function backoff(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** attempt));
}
