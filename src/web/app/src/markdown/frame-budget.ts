/** So long may reading answers take in one frame, on all of the page: a thread with many of them is shown in several. */
const budgetMs = 8;

let spentMs = 0;
let frame = 0;

/** Whether there is time left in this frame. */
export function hasTime(): boolean {
  return spentMs < budgetMs;
}

/** Does it, and counts how long it took. */
export function spend<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const begun = performance.now();
  const result = work();
  const ms = performance.now() - begun;
  spentMs += ms;
  frame ||= requestAnimationFrame(() => {
    spentMs = 0;
    frame = 0;
  });
  return { result, ms };
}
