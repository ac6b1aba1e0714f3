import { setTimeout as delay } from 'node:timers/promises';

/** Publishes to streams, whose events are numbered from 1: one event to each of them in every interval, stored before the next one. */
export class Publisher {
  #server;
  #intervalMs;
  #isStopped = false;
  #running;

  /** How many events of each stream are stored, by its name. */
  published;

  constructor(server, names, intervalMs) {
    this.#server = server;
    this.#intervalMs = intervalMs;
    this.published = new Map(names.map((name) => [name, 0]));
  }

  start() {
    this.#running = this.#run();
  }

  async stop() {
    this.#isStopped = true;
    await this.#running;
  }

  /** One more event for each of these streams. */
  async publish(names = [...this.published.keys()]) {
    await Promise.all(names.map(async (name) => {
      const number = this.published.get(name) + 1;
      await this.#server.publish(name, number);
      this.published.set(name, number);
    }));
  }

  async #run() {
    let due = performance.now();
    while (!this.#isStopped) {
      await this.publish();
      due = Math.max(due + this.#intervalMs, performance.now());
      await delay(due - performance.now());
    }
  }
}
