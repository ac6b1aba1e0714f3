import type { TransportName } from '../connection/fallback.js';

/** So many WebSockets in a row must fail before their welcome, each while the server was there. */
const socketFailures = 3;
/** How long a network is believed not to let WebSockets through. */
export const retrySocketMs = 5 * 60_000;

/**
 * Decides what the next attempt to connect uses: a WebSocket, or the event stream where no WebSocket gets through. A server
 * that is not there says nothing about WebSockets, so a failure counts only when the server answers a request.
 */
export class TransportChoice {
  readonly #serverReady: () => Promise<boolean>;
  #failures = 0;
  /** Grows with every WebSocket that works, so that a failure from before it counts no more. */
  #round = 0;
  /** Whether WebSockets are believed not to get through, and since when none was tried. */
  #blocked = false;
  #triedAt = 0;
  #streamFailed = false;

  constructor(serverReady: () => Promise<boolean>) {
    this.#serverReady = serverReady;
  }

  get next(): TransportName {
    const due = performance.now() - this.#triedAt >= retrySocketMs;
    return this.#blocked && !due && !this.#streamFailed ? 'stream' : 'websocket';
  }

  worked(transport: TransportName): void {
    this.#streamFailed = false;
    if (transport === 'websocket') {
      this.#blocked = false;
      this.#failures = 0;
      this.#round++;
    }
  }

  /** An attempt has ended before its welcome. While neither works, they take turns. */
  failed(transport: TransportName): void {
    if (transport === 'stream') {
      this.#streamFailed = true;
    } else if (this.#blocked) {
      this.#streamFailed = false;
      this.#triedAt = performance.now();
    } else {
      void this.#countFailure();
    }
  }

  /** This may be another network: try a WebSocket next. */
  reconsider(): void {
    this.#triedAt = -Infinity;
  }

  async #countFailure(): Promise<void> {
    const round = this.#round;
    if ((await this.#serverReady()) && round === this.#round && ++this.#failures >= socketFailures) {
      this.#blocked = true;
      this.#triedAt = performance.now();
    }
  }
}
