import type { Reconnect } from '../protocol/server-messages.js';
import { backoff } from './backoff.js';

/**
 * What a server that is about to stop asks for (protocol 7.1): to stay until there is another one, to look for it when the time has come,
 * and to go there.
 */
export class Departure {
  readonly #serverReady: () => Promise<boolean>;
  readonly #go: (reason: string) => void;
  readonly #random: () => number;
  #asked: { readonly dueAt: number; readonly reason: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `serverReady` never rejects. */
  constructor(serverReady: () => Promise<boolean>, go: (reason: string) => void, random: () => number) {
    this.#serverReady = serverReady;
    this.#go = go;
    this.#random = random;
  }

  /** The last time that it is asked counts. */
  ask({ after_ms: afterMs, reason }: Reconnect): void {
    this.forget();
    this.#asked = { dueAt: performance.now() + afterMs, reason };
    this.#lookIn(afterMs, 0);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#asked = undefined;
  }

  /** The connection has ended: how long to wait for the next one, if the server has asked for a time that is still to come. */
  ended(): number | undefined {
    const left = (this.#asked?.dueAt ?? 0) - performance.now();
    this.forget();
    return left > 0 ? left : undefined;
  }

  #lookIn(delay: number, attempt: number): void {
    this.#timer = setTimeout(() => void this.#look(attempt), delay);
  }

  async #look(attempt: number): Promise<void> {
    const asked = this.#asked;
    const ready = await this.#serverReady();
    if (asked === undefined || asked !== this.#asked) {
      return;
    }
    if (ready) {
      this.#go(asked.reason);
    } else {
      this.#lookIn(backoff(attempt, this.#random), attempt + 1);
    }
  }
}
