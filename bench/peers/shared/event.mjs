const TEXT_LENGTH = 80;
const FILLER = 'The quick brown fox jumps over the lazy dog. '.repeat(2);

/**
 * One event.
 * @param {bigint} now the monotonic clock in ns, with an origin that all processes of the machine share
 */
export function createEvent(now) {
  const stamp = ` ts=${now}`;
  return { type: 'token', thread_id: 't1', run_id: 'r1', text: FILLER.slice(0, TEXT_LENGTH - stamp.length) + stamp };
}
