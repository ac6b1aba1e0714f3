import type { Browser, Channel, Locks } from '../fallback/shared-stream.js';

interface Waiting {
  readonly hold: (lock: object | null) => Promise<void> | void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What the tabs of a browser have in common, as far as shared streams use it. What is told arrives a moment later. */
export class FakeTabs implements Browser {
  readonly #held = new Map<string, Waiting>();
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #channels = new Map<string, Set<FakeChannel>>();

  readonly locks: Locks = {
    request: (name, { ifAvailable, steal, signal }, hold) =>
      new Promise((resolve, reject) => {
        const waiting = { hold, resolve, reject };
        if (ifAvailable === true && this.#held.has(name)) {
          void Promise.resolve(hold(null)).then(resolve, reject);
          return;
        }
        const queue = this.#waiting.get(name) ?? [];
        this.#waiting.set(name, queue);
        if (steal === true) {
          this.#held.get(name)?.reject(new DOMException('stolen', 'AbortError'));
          this.#held.delete(name);
          queue.unshift(waiting);
        } else {
          queue.push(waiting);
        }
        signal?.addEventListener('abort', () => {
          if (queue.includes(waiting)) {
            queue.splice(queue.indexOf(waiting), 1);
            reject(signal.reason);
          }
        });
        this.#grant(name);
      }),
  };

  openChannel(name: string): Channel {
    const all = this.#channels.get(name) ?? new Set();
    this.#channels.set(name, all);
    return new FakeChannel(all);
  }

  #grant(name: string): void {
    const next = this.#held.has(name) ? undefined : this.#waiting.get(name)?.shift();
    if (next === undefined) {
      return;
    }
    this.#held.set(name, next);
    queueMicrotask(() => {
      void Promise.resolve(next.hold({})).then((value) => {
        next.resolve(value);
        if (this.#held.get(name) === next) {
          this.#held.delete(name);
          this.#grant(name);
        }
      }, next.reject);
    });
  }
}

class FakeChannel implements Channel {
  onmessage: Channel['onmessage'] = null;
  readonly #all: Set<FakeChannel>;

  constructor(all: Set<FakeChannel>) {
    this.#all = all;
    all.add(this);
  }

  postMessage(message: unknown): void {
    const data: unknown = structuredClone(message);
    [...this.#all].filter((other) => other !== this).forEach((other) => queueMicrotask(() => other.onmessage?.({ data })));
  }

  close(): void {
    this.#all.delete(this);
    this.onmessage = null;
  }
}
