import type { ClientMessage } from '../protocol/client-messages.js';

/** Far more than are ever waiting while the server answers. */
export const maxWaiting = 64;

/** Brings one message to the server; rejects when it did not arrive. */
export type Deliver = (message: ClientMessage) => Promise<void>;

/**
 * What this client says where each message is a request of its own: one at a time, so that they arrive in order. An
 * acknowledgement that still waits is replaced by a later one.
 */
export class Outbox {
  readonly #deliver: Deliver;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting: ClientMessage[] = [];
  readonly #onIdle: (() => void)[] = [];
  #busy = false;
  #closed = false;

  /** `onFailure` is called once; after it nothing is sent any more. */
  constructor(deliver: Deliver, onFailure: (error: unknown) => void) {
    this.#deliver = deliver;
    this.#onFailure = onFailure;
  }

  add(message: ClientMessage): void {
    const last = this.#waiting.length - 1;
    if (message.type === 'ack' && this.#waiting[last]?.type === 'ack') {
      this.#waiting[last] = message;
    } else if (this.#waiting.length < maxWaiting) {
      this.#waiting.push(message);
    } else {
      this.#fail(new Error(`${maxWaiting} messages are waiting to be sent already`));
    }
    this.#next();
  }

  /** Fulfilled when nothing is waiting or on its way, and when it is closed. */
  idle(): Promise<void> {
    return this.#busy && !this.#closed ? new Promise((resolve) => this.#onIdle.push(resolve)) : Promise.resolve();
  }

  /** What waits is not sent. A message that is on its way cannot be called back. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#onIdle.splice(0).forEach((tell) => tell());
  }

  #next(): void {
    const message = this.#busy || this.#closed ? undefined : this.#waiting.shift();
    if (message === undefined) {
      return;
    }
    this.#busy = true;
    this.#deliver(message).then(
      () => {
        this.#busy = false;
        this.#next();
        if (!this.#busy) {
          this.#onIdle.splice(0).forEach((tell) => tell());
        }
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    if (!this.#closed) {
      this.close();
      this.#onFailure(error);
    }
  }
}
