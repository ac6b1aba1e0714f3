/** Decides when the server hears how far the application has come (protocol 4.3). */
export class Acknowledger {
  readonly #processed: () => number;
  readonly #send: (seq: number) => void;
  #last = 0;
  #pending = 0;
  #intervalMs = 0;
  #every = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(processed: () => number, send: (seq: number) => void) {
    this.#processed = processed;
    this.#send = send;
  }

  begin(intervalMs: number, every: number): void {
    this.stop();
    this.#last = this.#processed();
    this.#intervalMs = intervalMs;
    this.#every = every;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = 0;
  }

  /** The application has handled an event, or several that came as one frame. */
  handled(critical: boolean, events = 1): void {
    this.#pending += events;
    if (critical || this.#pending >= this.#every) {
      this.#flush();
    } else {
      this.#timer ??= setTimeout(() => this.#flush(), this.#intervalMs);
    }
  }

  /** The server repeats a critical event, so it has not heard the acknowledgement. */
  repeat(): void {
    this.#send(this.carry());
  }

  /** A pong is due anyway: what it should carry. */
  carry(): number {
    this.stop();
    this.#last = this.#processed();
    return this.#last;
  }

  #flush(): void {
    if (this.#processed() > this.#last) {
      this.repeat();
    } else {
      this.stop();
    }
  }
}
