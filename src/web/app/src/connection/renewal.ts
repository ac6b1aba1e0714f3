import type { Authenticate } from '../protocol/client-messages';
import type { Authenticated, ErrorMessage, Expiring } from '../protocol/server-messages';
import { backoff } from './backoff';
import { TicketRefused, type TakeTicket } from './tickets';

/** A new credential that ends no later than this after the one before is none. */
const gainMs = 1000;

/**
 * Keeps a living connection's credential from ending (protocol 12.3): when the server says that it is about to, takes a new ticket and
 * hands it over. Where that wins no time the connection ends with its credential, and the next one brings another ticket.
 */
export class Renewal {
  readonly #takeTicket: TakeTicket;
  readonly #send: (message: Authenticate) => void;
  readonly #onRefused: (refused: TicketRefused) => void;
  readonly #random: () => number;
  /** Grows with every connection, so that what belongs to an earlier one counts no more. */
  #round = 0;
  #endsAt = Infinity;
  #attempt = 0;
  #messages = 0;
  #busy = false;
  #vain = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    takeTicket: TakeTicket,
    send: (message: Authenticate) => void,
    onRefused: (refused: TicketRefused) => void,
    random: () => number,
  ) {
    this.#takeTicket = takeTicket;
    this.#send = send;
    this.#onRefused = onRefused;
    this.#random = random;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#round++;
    this.#attempt = 0;
    this.#busy = false;
    this.#vain = false;
  }

  expiring({ expires_in_ms: expiresInMs }: Expiring): void {
    this.#endsAt = performance.now() + expiresInMs;
    if (!this.#vain) {
      this.renew();
    }
  }

  /** Somebody has signed in, or it is time. */
  renew(): void {
    this.#vain = false;
    if (!this.#busy) {
      this.#busy = true;
      void this.#take();
    }
  }

  authenticated({ expires_in_ms: expiresInMs }: Authenticated): void {
    const endsAt = performance.now() + (expiresInMs ?? Infinity);
    this.#vain = endsAt < this.#endsAt + gainMs;
    this.#endsAt = endsAt;
    this.#attempt = 0;
    this.#busy = false;
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
    try {
      const token = await this.#takeTicket();
      if (round === this.#round) {
        this.#messages++;
        this.#send({ type: 'authenticate', token, id: this.#id });
      }
    } catch (error) {
      if (round !== this.#round) {
        return;
      }
      if (error instanceof TicketRefused) {
        this.#busy = false;
        this.#onRefused(error);
      } else {
        this.#again();
      }
    }
  }

  #again(): void {
    this.#timer = setTimeout(() => void this.#take(), backoff(this.#attempt++, this.#random));
  }
}
