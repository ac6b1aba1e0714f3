import { follow } from './followers.js';
import { Relay } from './relay.js';
import { Tally } from './tally.js';

const PATIENCE_MS = 180_000;

/** A client behind a relay of its own, and what its application was told. */
export class Follower {
  #publisher;
  #fault;
  #stop;

  static async start(server, publisher, name, options) {
    const follower = new Follower();
    follower.name = name;
    follower.#publisher = publisher;
    follower.tally = new Tally();
    follower.losses = [];
    follower.relay = await Relay.open(server.port);
    await new Promise((resolve) => {
      follower.#stop = follow[server.kind](follower.relay.port, name, {
        onEvent: (number) => follower.#told(number),
        onConnected: (isConnected) => (isConnected ? resolve() : follower.#noticed()),
        onLoss: (loss) => follower.losses.push(loss),
      }, options);
    });
    return follower;
  }

  get published() {
    return this.#publisher.published.get(this.name);
  }

  /**
   * A fault begins now. Resolves to the moments at which the client has noticed it, and at which its application is level: when a later
   * connection is there, and no event is stored that the application was not told.
   */
  level() {
    return new Promise((resolve, reject) => {
      this.#fault = { accepted: this.relay.accepted, noticed: undefined, resolve };
      setTimeout(() => reject(new Error(`${this.name} did not become level: ${this.tally.highest} of ${this.published}`)), PATIENCE_MS);
    });
  }

  stop() {
    this.#stop();
    this.relay.stop();
  }

  #told(number) {
    this.tally.told(number);
    if (this.#fault !== undefined && this.relay.accepted > this.#fault.accepted && number >= this.published) {
      const { resolve, noticed } = this.#fault;
      this.#fault = undefined;
      resolve({ noticed, level: performance.now() });
    }
  }

  #noticed() {
    if (this.#fault !== undefined) {
      this.#fault.noticed ??= performance.now();
    }
  }
}

/** So many of them, each following a stream of its own. */
export async function startFollowers(server, publisher, names) {
  return await Promise.all(names.map((name) => Follower.start(server, publisher, name)));
}

/** Waits until all have been told everything, or for so long. */
export async function settle(followers, patienceMs) {
  const until = performance.now() + patienceMs;
  while (performance.now() < until && followers.some(({ tally, published }) => tally.lost(published) > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
