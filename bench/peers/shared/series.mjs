import { events, intervalMs } from './options.mjs';

// So many events are sent until other connections have their turn.
const BATCH = 64;

/**
 * The events of one connection: number i is due i intervals after the connection has begun, all at once where there is no
 * interval. What is late is sent as soon as the connection takes it, so that no delay adds up.
 */
export class Series {
  #begun = performance.now();
  #sent = 0;
  #isBlocked = false;
  #timer;
  #send;
  #together;

  /**
   * @param {() => boolean} send sends one event; false when the connection is to be asked no more until it has drained
   * @param {(sends: () => void) => void} together calls what sends several events
   */
  constructor(send, together = (sends) => sends()) {
    this.#send = send;
    this.#together = together;
  }

  start() {
    const due = Math.min(this.#due(), this.#sent + BATCH);
    this.#together(() => {
      while (this.#sent < due && !this.#isBlocked) {
        this.#sent++;
        this.#isBlocked = !this.#send();
      }
    });
    if (this.#sent < events && !this.#isBlocked) {
      this.#next();
    }
  }

  /** The connection has drained. */
  resume() {
    if (this.#isBlocked) {
      this.#isBlocked = false;
      this.#yield();
    }
  }

  /** The connection is gone. */
  stop() {
    this.#sent = events;
    clearTimeout(this.#timer);
  }

  #due() {
    return intervalMs === 0 ? events : Math.min(events, Math.floor((performance.now() - this.#begun) / intervalMs));
  }

  #next() {
    const wait = this.#begun + (this.#sent + 1) * intervalMs - performance.now();
    if (wait <= 0) {
      this.#yield();
    } else {
      this.#timer = setTimeout(() => this.start(), Math.ceil(wait));
    }
  }

  #yield() {
    setImmediate(() => this.start());
  }
}
