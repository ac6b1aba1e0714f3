/** How late a timer may be before it says more about this page than about the server. */
const suspensionMs = 2000;

/** Notices that nothing at all has arrived for too long (protocol 5). */
export class Watchdog {
  readonly #onSilence: () => void;
  #limitMs = 0;
  #heardAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.heard();
    this.#arm(limitMs);
  }

  /** Something arrived. Only notes the time: a timer per message would cost more than the message. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delayMs: number): void {
    clearTimeout(this.#timer);
    const dueAt = performance.now() + delayMs;
    this.#timer = setTimeout(() => this.#check(dueAt), delayMs);
  }

  #check(dueAt: number): void {
    const now = performance.now();
    const left = this.#heardAt + this.#limitMs - now;
    if (left > 0) {
      this.#arm(left);
    } else if (now - dueAt > suspensionMs) {
      // The page was suspended: what arrived meanwhile is still on its way to us.
      this.#arm(suspensionMs);
    } else {
      this.stop();
      this.#onSilence();
    }
  }
}
