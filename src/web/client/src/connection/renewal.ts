import type { Authenticate } from '../protocol/client-messages.js';
import type { Authenticated, ErrorMessage, Expiring, Welcome } from '../protocol/server-messages.js';
import { backoff } from './backoff.js';
import { UnauthorizedError, type GetToken } from './credentials.js';

/** A new credential that ends no later than this after the one before is none. */
const gainMs = 1000;

/**
 * Keeps a living connection's credential from ending (protocol 12.3): when the server says that it is about to, gets a new one and hands it
 * over. Where that wins no time the connection ends with its credential, and the next one brings another.
 */
export class Renewal {
  readonly #getToken: GetToken;
  readonly #send: (message: Authenticate) => void;
  readonly #onRefused: (refused: UnauthorizedError) => void;
  readonly #onVain: (vain: boolean) => void;
  readonly #random: () => number;
  /** Grows with every connection, so that what belongs to an earlier one counts no more. */
  #round = 0;
  #endsAt = Infinity;
  /** Whether the server has said that it ends. */
  #announced = false;
  #attempt = 0;
  #messages = 0;
  #busy = false;
  #vain = false;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    getToken: GetToken,
    send: (message: Authenticate) => void,
    onRefused: (refused: UnauthorizedError) => void,
    onVain: (vain: boolean) => void,
    random: () => number,
  ) {
    this.#getToken = getToken;
    this.#send = send;
    this.#onRefused = onRefused;
    this.#onVain = onVain;
    this.#random = random;
  }

  /** A connection has begun, with another credential than the one before. */
  begin({ expires_in_ms: expiresInMs }: Welcome): void {
    this.#endsAt = endOf(expiresInMs);
    this.#announced = false;
    this.#setVain(false);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#round++;
    this.#attempt = 0;
    this.#busy = false;
  }

  expiring({ expires_in_ms: expiresInMs }: Expiring): void {
    this.#endsAt = endOf(expiresInMs);
    this.#announced = true;
    if (!this.#vain) {
      this.renew();
    }
  }

  /** Somebody has signed in, or it is time. */
  renew(): void {
    if (!this.#busy) {
      this.#busy = true;
      void this.#take();
    }
  }

  authenticated({ expires_in_ms: expiresInMs }: Authenticated): void {
    const endsAt = endOf(expiresInMs);
    const vain = this.#announced && endsAt < this.#endsAt + gainMs;
    this.#announced = vain;
    this.#endsAt = endsAt;
    this.#attempt = 0;
    this.#busy = false;
    this.#setVain(vain);
  }

  /** Returns whether the error answers what was asked here; then it is asked again, as long as there is time. */
  failed(error: ErrorMessage): boolean {
    const mine = this.#busy && error.id === this.#id;
    if (mine) {
      this.#again();
    }
    return mine;
  }

  get #id(): string {
    return `authenticate-${this.#messages}`;
  }

  async #take(): Promise<void> {
    const round = this.#round;
    this.#abort = new AbortController();
    try {
      const token = await this.#getToken({ renewing: true, signal: this.#abort.signal });
      if (round === this.#round) {
        this.#messages++;
        this.#send({ type: 'authenticate', token, id: this.#id });
      }
    } catch (error) {
      if (round !== this.#round) {
        return;
      }
      if (error instanceof UnauthorizedError) {
        this.#busy = false;
        this.#onRefused(error);
      } else {
        this.#again();
      }
    }
  }

  #setVain(vain: boolean): void {
    if (vain !== this.#vain) {
      this.#vain = vain;
      this.#onVain(vain);
    }
  }

  #again(): void {
    this.#timer = setTimeout(() => void this.#take(), backoff(this.#attempt++, this.#random));
  }
}

function endOf(expiresInMs: number | null | undefined): number {
  return performance.now() + (expiresInMs ?? Infinity);
}
