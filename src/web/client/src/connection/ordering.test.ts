import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import { seeded } from '../doubles/random.js';
import type { PipelineClient } from './pipeline-client.js';

/**
 * What a server and a network may do to one client, drawn at random: frames that are lost, doubled, sent again, joined and late, gaps,
 * connections that end, and an application that takes its time or fails. Whatever it is, the client must have handled every event that
 * was not taken away exactly once, and in order where the application did not fail.
 */
class Adversary {
  readonly #random: () => number;
  readonly #fails: boolean;
  /** Of each event whether it is still there, by its number less one. */
  readonly #events: boolean[] = [];
  readonly #handling: (() => void)[] = [];
  readonly handled: number[] = [];
  readonly told: number[] = [];
  readonly client: PipelineClient;
  #socket: FakeSocket | undefined;
  /** The last number that the connection was led up to. */
  #written = 0;
  /** The last number that any of them was led up to. */
  #said = 0;
  #answered = 0;

  constructor(seed: number, { fails, waits }: { readonly fails: boolean; readonly waits: boolean }) {
    this.#random = seeded(seed);
    this.#fails = fails;
    const { client, handler } = createClient({ maxQueued: 20 });
    this.client = client;
    handler.beforeEvent = ({ seq, from_seq: from = seq }) => {
      const end = (): void => {
        if (this.#fails && this.#chance(0.05)) {
          throw new Error('no room');
        }
        for (let number = from; number <= seq; number++) {
          this.handled.push(number);
        }
      };
      if (!waits || this.#chance(0.5)) {
        end();
        return undefined;
      }
      return new Promise<void>((resolve) => this.#handling.push(resolve)).then(end);
    };
    handler.onFault = ({ code, message }) => {
      // Frames are lost on purpose, and the application fails on purpose.
      expect(['missing_events', 'handler_failed'], message).toContain(code);
    };
    handler.onGap = ({ from, to }) => {
      for (let number = from; number <= to; number++) {
        this.told.push(number);
      }
    };
  }

  get count(): number {
    return this.#events.length;
  }

  async step(): Promise<void> {
    const action = this.#random();
    if (action < 0.35) {
      this.#events.push(true);
    } else if (action < 0.7) {
      this.#write();
    } else if (action < 0.9) {
      this.#handling.shift()?.();
    } else if (action < 0.94) {
      this.#repeat();
    } else if (action < 0.97) {
      this.#socket?.end(1006);
    } else {
      this.#expire();
    }
    await this.#react();
  }

  /** Nothing goes wrong any more. */
  async calm(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      // What the application failed on comes again at the latest with another connection.
      this.#socket?.end(1006);
      await vi.advanceTimersByTimeAsync(25_000);
      await this.#react(false);
      while (this.#socket?.readyState === 1 && this.#written < this.count) {
        this.#send(this.#written + 1, this.#written + 1);
      }
      for (let work = this.#handling.shift(); work !== undefined; work = this.#handling.shift()) {
        work();
        await this.#react(false);
      }
      if (this.#socket?.readyState === 1 && Number(this.#socket.url.searchParams.get('seq')) === this.count) {
        return;
      }
    }
    throw new Error(`The client is not level after 50 calm connections: ${this.#socket?.url.search}, ${this.count} events.`);
  }

  async #react(random = true): Promise<void> {
    await vi.advanceTimersByTimeAsync(random && this.#chance(0.1) ? 1000 : 0);
    if (FakeSocket.all.length > 0 && FakeSocket.last !== this.#socket && FakeSocket.last.closedWith === undefined) {
      this.#socket = FakeSocket.last;
      this.#answered = 0;
      this.#written = Number(this.#socket.url.searchParams.get('seq'));
      this.#socket.welcome({ seq: this.count, from: 0 });
    }
    this.#answer();
  }

  /** The next frames: one, joined ones, or with one left out. */
  #write(): void {
    const from = this.#written + (this.#chance(0.05) ? 2 : 1);
    const to = this.#chance(0.3) ? from + Math.floor(this.#random() * 4) : from;
    if (to <= this.count) {
      this.#send(from, to);
    }
  }

  #send(from: number, to: number, members: object = {}): void {
    if (this.#socket?.readyState !== 1) {
      return;
    }
    this.#written = Math.max(this.#written, to);
    this.#said = Math.max(this.#said, to);
    const kept = this.#events.slice(from - 1, to);
    if (kept.every((there) => there)) {
      return from === to ? this.#socket.event(to, members) : this.#socket.joined(from, to);
    }
    for (let seq = from; seq <= to; seq++) {
      if (this.#events[seq - 1] === true) {
        this.#socket.event(seq, members);
      } else {
        this.#socket.receive({ type: 'gap', from: seq, to: seq, cause: 'expired', replay: false, certain: true });
      }
    }
  }

  #repeat(): void {
    const seq = 1 + Math.floor(this.#random() * this.#written);
    if (seq <= this.#written) {
      this.#send(seq, seq, { redelivery: 1 });
    }
  }

  /** Retention takes away something that nobody was sent. */
  #expire(): void {
    if (this.count > this.#said) {
      this.#events[this.count - 1] = false;
    }
  }

  #answer(): void {
    const asked = this.#socket?.said('replay') ?? [];
    for (const { from, to } of asked.slice(this.#answered)) {
      for (let seq = Number(from); seq <= Number(to); seq++) {
        this.#send(seq, seq, { redelivery: 1 });
      }
    }
    this.#answered = asked.length;
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  expectEachOnce(): void {
    const numbers = Array.from({ length: this.count }, (_, index) => index + 1);
    expect([...this.handled].sort((a, b) => a - b)).toEqual(numbers.filter((seq) => this.#events[seq - 1]));
    const lost = new Set(numbers.filter((seq) => !this.#events[seq - 1]));
    expect([...new Set(this.told)].sort((a, b) => a - b)).toEqual([...lost]);
    if (!this.#fails) {
      expect(this.handled).toEqual([...this.handled].sort((a, b) => a - b));
    }
  }
}

describe('Every event is handled once and in order', () => {
  const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['at once', { fails: false, waits: false }],
    ['while time passes', { fails: false, waits: true }],
    ['and fails at times', { fails: true, waits: true }],
  ])('by an application that handles it %s', async (_, application) => {
    for (const seed of seeds) {
      const adversary = new Adversary(seed, application);
      for (let step = 0; step < 150; step++) {
        await adversary.step();
      }
      await adversary.calm().catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${String(error)}`);
      });
      adversary.expectEachOnce();
      adversary.client.disconnect();
    }
  });
});
