/**
 * What reading answers may take in one frame, on all of the page: a thread with many of them, or one that comes all at once, is shown in
 * several. Characters count as well as time, since what was read has to be laid out.
 */
const budget = { ms: 4, characters: 6000 } as const;

let spentMs = 0;
let spentCharacters = 0;
let frame = 0;

/** Whether there is anything left in this frame. */
export function hasTime(): boolean {
  return spentMs < budget.ms && spentCharacters < budget.characters;
}

/** Reads so many characters, and counts how long it took. */
export function spend<T>(characters: number, work: () => T): { readonly result: T; readonly ms: number } {
  const begun = performance.now();
  const result = work();
  const ms = performance.now() - begun;
  spentMs += ms;
  spentCharacters += characters;
  frame ||= requestAnimationFrame(() => {
    spentMs = spentCharacters = 0;
    frame = 0;
  });
  return { result, ms };
}
