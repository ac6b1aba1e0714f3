import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PipelineClient } from '../connection/pipeline-client.js';
import { FakeStream } from '../doubles/fake-stream.js';
import { FakeTabs } from '../doubles/fake-tabs.js';
import { criticalFrame, tokenFrame, welcomeFrame } from '../doubles/frames.js';
import { RecordingHandler } from '../doubles/recording-handler.js';
import { eventStreams } from './event-streams.js';

/** Tabs of one browser in which no WebSocket gets through. */
describe('Tabs that share an event stream', () => {
  let tabs: FakeTabs;
  let clients: PipelineClient[];
  let handlers: RecordingHandler[];
  /** What the server has said, by number; every stream that is open has it. */
  let log: object[];
  let welcomed: Set<FakeStream>;

  const settled = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const open = () => FakeStream.all.filter((stream) => !stream.closed);
  const openTab = (userId = 'ada') => {
    const handler = new RecordingHandler();
    const client = new PipelineClient(
      {
        url: 'ws://127.0.0.1:5080/ws',
        userId,
        start: 'kept',
        random: () => 1,
        fallback: (url, serverReady) => {
          const create = eventStreams({ browser: tabs, openStream: (address) => new FakeStream(address), post: FakeStream.post });
          // As after three WebSockets that did not get through.
          return Object.defineProperty(create(url, serverReady), 'next', { get: () => 'stream' });
        },
        WebSocket: class {},
      },
      handler,
    );
    clients.push(client);
    handlers.push(handler);
    client.connect();
    return { client, handler };
  };
  /** The server answers whatever was opened: a welcome, and what is lacked. */
  const serve = async () => {
    for (let round = 0; round < 40; round++) {
      await settled();
      const fresh = open().filter((stream) => !welcomed.has(stream));
      if (fresh.length === 0) {
        return;
      }
      for (const stream of fresh) {
        welcomed.add(stream);
        const seq = Number(stream.url.searchParams.get('seq'));
        const user = stream.url.searchParams.get('user_id');
        const resumed = stream.url.searchParams.has('epoch');
        stream.receive(welcomeFrame({ seq: log.length, from: 0, resumed, user_id: user, connection_id: `c-${welcomed.size}` }));
        log.slice(seq).forEach((frame) => stream.receive(frame));
      }
    }
  };
  const say = async (frame: (seq: number) => object = tokenFrame) => {
    const said = frame(log.length + 1);
    log.push(said);
    open().forEach((stream) => stream.receive(said));
    await settled();
  };

  beforeEach(() => {
    vi.useFakeTimers();
    FakeStream.reset();
    tabs = new FakeTabs();
    [clients, handlers, log, welcomed] = [[], [], [], new Set()];
  });
  afterEach(() => {
    clients.forEach((client) => client.disconnect());
    vi.useRealTimers();
  });

  it('are twenty with one stream, and each has everything once and in order', async () => {
    await say();
    await say();
    for (let count = 0; count < 20; count++) {
      openTab();
    }
    await serve();
    expect(open()).toHaveLength(1);
    expect(clients.map(({ state }) => state.name)).toEqual(Array.from({ length: 20 }, () => 'connected'));
    await say();
    await say(criticalFrame);

    expect(handlers.map(({ seqs }) => seqs)).toEqual(Array.from({ length: 20 }, () => [1, 2, 3, 4]));
    expect(handlers.flatMap(({ faults }) => faults)).toEqual([]);
  });

  it('never have more than three streams at once', async () => {
    let most = 0;
    for (let count = 0; count < 20; count++) {
      openTab();
    }
    for (let round = 0; round < 60; round++) {
      await settled();
      most = Math.max(most, open().length);
      const [next] = open().filter((stream) => !welcomed.has(stream));
      if (next !== undefined) {
        welcomed.add(next);
        next.receive(welcomeFrame({ resumed: false }));
      }
    }

    expect(most).toBeLessThanOrEqual(3);
    expect(open()).toHaveLength(1);
  });

  it('acknowledge once, by the tab that has the stream', async () => {
    openTab();
    openTab();
    await serve();
    FakeStream.posts.length = 0;
    await say(criticalFrame);

    expect(FakeStream.posts.map(({ body }) => body)).toEqual([{ seq: 1 }]);
  });

  it('ask through it, and the answer is for who has asked', async () => {
    openTab();
    const { client, handler } = openTab();
    await serve();
    const accepted = client.request({ type: 'cancel_run', id: 'x1', thread_id: 't1', run_id: 'r1' });
    await settled();
    expect(FakeStream.posts.at(-1)?.body).toMatchObject({ type: 'cancel_run', id: 'x1' });
    open()[0]!.receive({ type: 'accepted', id: 'x1', run_id: 'r1' });
    await settled();
    await expect(accepted).resolves.toMatchObject({ run_id: 'r1' });

    const refused = expect(client.request({ type: 'cancel_run', id: 'x2', thread_id: 't1', run_id: 'r1' })).rejects.toThrow('No.');
    await settled();
    open()[0]!.receive({ type: 'error', id: 'x2', code: 'message_rejected', message: 'No.', severity: 'error', timestamp: 1 });
    await settled();
    await refused;
    expect([...handlers[0]!.errors, ...handler.errors]).toEqual([]);
  });

  it('go on when the tab that had the stream is closed', async () => {
    for (let count = 0; count < 5; count++) {
      openTab();
    }
    await serve();
    await say();
    const leader = clients.find(({ state }) => state.name === 'connected')!;
    leader.disconnect();
    log.push(tokenFrame(2));
    for (let round = 0; round < 10; round++) {
      await settled(200);
      await serve();
    }
    expect(open()).toHaveLength(1);
    await say();

    const others = handlers.filter((_, index) => clients[index] !== leader);
    expect(others.map(({ seqs }) => seqs)).toEqual(Array.from({ length: 4 }, () => [1, 2, 3]));
    expect(others.flatMap(({ faults }) => faults)).toEqual([]);
  });

  it('take over from a tab that does not run any more', async () => {
    openTab();
    openTab();
    await serve();
    // It has the stream, and says nothing: frozen, so what comes is not passed on.
    const frozen = open()[0]!;
    frozen.onmessage = null;
    await settled(25_000);
    for (let round = 0; round < 20; round++) {
      await settled(500);
      await serve();
    }
    log.push(tokenFrame(1));
    open().filter((stream) => stream !== frozen).forEach((stream) => stream.receive(log[0]!));
    await settled();

    expect(handlers.some(({ seqs }) => seqs.length === 1)).toBe(true);
  });

  it('end together, as the server says', async () => {
    openTab();
    openTab();
    await serve();
    open()[0]!.end({ reason: 'user_erased', reconnect: false });
    await settled();

    expect(clients.map(({ state }) => state)).toMatchObject([{ name: 'failed', code: 4404 }, { name: 'failed', code: 4404 }]);
  });

  it('share nothing with the tabs of somebody else', async () => {
    openTab('ada');
    openTab('bob');
    await serve();
    expect(open()).toHaveLength(2);
    open().find((stream) => stream.url.searchParams.get('user_id') === 'bob')!.receive(tokenFrame(1));
    await settled();

    expect(handlers.map(({ seqs }) => seqs)).toEqual([[], [1]]);
  });
});
