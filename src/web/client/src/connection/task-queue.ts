type Task = () => void | PromiseLike<void>;

/** Runs tasks one after the other: at once while none is waited for, so that an application that is not asynchronous never waits. */
export class TaskQueue {
  readonly #waiting: Task[] = [];
  readonly #onIdle: () => void;
  #busy = false;

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** How many wait for the one that runs. */
  get size(): number {
    return this.#waiting.length;
  }

  /** A task must not throw, and its promise must not reject. */
  run(task: Task): void {
    this.#waiting.push(task);
    if (!this.#busy) {
      this.#next();
    }
  }

  /** What waits is not run. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
      this.#busy = true;
      const running = task();
      if (running !== undefined) {
        void running.then(() => this.#next());
        return;
      }
    }
    this.#busy = false;
    this.#onIdle();
  }
}
