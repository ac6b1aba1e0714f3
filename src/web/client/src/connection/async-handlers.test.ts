import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import type { PipelineClient } from './pipeline-client.js';

/** Applications whose handling of an event is asynchronous. */
describe('Asynchronous handlers', () => {
  let client: PipelineClient;
  let handler: RecordingHandler;
  /** What the application is handling, by number, until it is said to be done. */
  let handling: Map<number, { done(): void; fail(error: Error): void }>;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ client, handler } = createClient({ maxQueued: 5 }));
    handling = new Map();
    handler.beforeEvent = ({ seq }) =>
      new Promise((resolve, reject) => handling.set(seq, { done: resolve, fail: reject }));
    FakeSocket.last.welcome({ seq: 10, from: 10, resumed: false });
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  const settled = () => vi.advanceTimersByTimeAsync(0);
  const done = async (...seqs: number[]) => {
    for (const seq of seqs) {
      handling.get(seq)!.done();
      handling.delete(seq);
      await settled();
    }
  };
  const acks = () => FakeSocket.last.said('ack').map(({ seq }) => seq);

  it('get one event at a time, and it is acknowledged when it is done', async () => {
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(12);
    expect([...handling.keys()]).toEqual([11]);
    FakeSocket.last.receive({ type: 'ping', ts: 1 });
    expect(FakeSocket.last.said('pong')).toMatchObject([{ seq: 10 }]);
    expect(acks()).toEqual([]);

    await done(11);
    expect([...handling.keys()]).toEqual([12]);
    expect(acks()).toEqual([11]);
    await done(12);
    expect(acks()).toEqual([11, 12]);
    expect(handler.seqs).toEqual([11, 12]);
  });

  it('that reject are told of, not acknowledged, and get the event again', async () => {
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(12);
    handling.get(11)!.fail(new Error('disk full'));
    await settled();
    expect(handler.faults).toMatchObject([{ code: 'handler_failed', message: 'Event 11 could not be handled: Error: disk full' }]);
    await done(12);
    expect(acks()).toEqual([]);

    FakeSocket.last.critical(11, { redelivery: 1 });
    await done(11);
    expect(acks()).toEqual([12]);
    expect(handler.seqs).toEqual([12, 11]);
  });

  it('get nothing twice that is sent again while it waits for them', async () => {
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(12);
    FakeSocket.last.critical(11, { redelivery: 1 });
    FakeSocket.last.critical(12, { redelivery: 1 });
    await done(11, 12);

    expect(handler.seqs).toEqual([11, 12]);
    expect(handling.size).toBe(0);
  });

  it('get nothing twice when a connection ends while they work, and what waits stays', async () => {
    FakeSocket.last.critical(11);
    FakeSocket.last.critical(12);
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    expect(FakeSocket.last.url.searchParams.get('seq')).toBe('10');
    FakeSocket.last.welcome({ seq: 13, from: 10 });
    await done(11);
    [11, 12, 13].forEach((seq) => FakeSocket.last.critical(seq));
    await done(12, 13);

    expect(handler.seqs).toEqual([11, 12, 13]);
    expect(acks().at(-1)).toBe(13);
    expect(handler.faults).toEqual([]);
    expect(handler.recoveries).toEqual([{ complete: true, events: 3 }]);
  });

  it('get gaps in their turn', async () => {
    FakeSocket.last.event(11);
    FakeSocket.last.receive({ type: 'gap', from: 12, to: 14, cause: 'expired', replay: false, certain: true });
    FakeSocket.last.event(15);
    expect(handler.lost).toEqual([]);
    await done(11);
    expect(handler.lost).toMatchObject([{ from: 12, to: 14 }]);
    await done(15);

    expect(handler.seqs).toEqual([11, 15]);
  });

  it('that are too slow have the client leave, and come back for the rest when they are done', async () => {
    for (let seq = 11; seq <= 17; seq++) {
      FakeSocket.last.event(seq);
    }
    expect(FakeSocket.last.closedWith).toBe(3009);
    expect(client.state).toEqual({ name: 'recovering', attempt: 1, reason: 'the application is too slow' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(FakeSocket.all).toHaveLength(1);

    await done(11, 12, 13, 14, 15, 16, 17);
    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.url.searchParams.get('seq')).toBe('17');
    expect(handler.seqs).toEqual([11, 12, 13, 14, 15, 16, 17]);
  });

  it('that still work on another history change nothing in the next one', async () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    FakeSocket.last.end(1012);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ epoch: 'E2', seq: 11, from: 10, resumed: false });
    FakeSocket.last.event(11);
    await done(11);
    expect(handler.resets).toBe(1);
    expect(acks()).toEqual([]);
    await done(11);

    FakeSocket.last.critical(12);
    await done(12);
    expect(acks()).toEqual([12]);
    expect(handler.seqs).toEqual([11, 11, 12]);
  });

  it('are told nothing more when the application disconnects', async () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    client.disconnect();
    await done(11);
    expect(handling.size).toBe(0);

    client.connect();
    expect(FakeSocket.last.url.searchParams.get('seq')).toBe('11');
  });
});
