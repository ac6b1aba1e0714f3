import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PipelineClient } from '../connection/pipeline-client.js';
import { RecordingHandler } from '../doubles/recording-handler.js';
import { FakeServer, type FakeServerOptions } from './fake-server.js';

/** The fake server as users of it meet it: with a client. */
describe('FakeServer', () => {
  let server: FakeServer;
  let client: PipelineClient;
  let handler: RecordingHandler;

  const settled = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
  const begin = async (options: FakeServerOptions = {}) => {
    server = new FakeServer(options);
    handler = new RecordingHandler();
    client = new PipelineClient(
      { url: 'ws://127.0.0.1/ws', start: 'kept', WebSocket: server.WebSocket, random: () => 1, getToken: () => 'nt_1' },
      handler,
    );
    client.connect();
    await settled();
  };
  const token = (delta: string) => server.publish('token', { delta });

  beforeEach(async () => {
    vi.useFakeTimers();
    await begin();
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  it('numbers and delivers events, and hears that they were handled', async () => {
    token('Hel');
    token('lo');
    await settled(1000);

    expect(client.state.name).toBe('connected');
    expect(handler.seqs).toEqual([1, 2]);
    expect(server.acknowledged).toBe(2);
  });

  it('replays to who comes back what they lack', async () => {
    token('a');
    server.drop();
    token('b');
    await settled(500);
    token('c');
    await settled();

    expect(handler.seqs).toEqual([1, 2, 3]);
    expect(handler.recoveries).toEqual([{ complete: true, events: 1 }]);
    expect(handler.faults).toEqual([]);
  });

  it('is away until it is started', async () => {
    server.stop();
    await settled(5000);
    expect(client.state.name).toBe('recovering');
    server.start();
    await settled(20_000);

    expect(client.state.name).toBe('connected');
  });

  it('says how far a run went, and the client finds nothing missing', async () => {
    server.publish('agent_started', { agent_name: 'demo', metadata: {}, timestamp: 1 });
    token('x');
    const end = server.publish('agent_completed', { agent_name: 'demo', metadata: {}, timestamp: 1 });
    await settled();

    expect(end.run).toEqual({ events: 3, first_seq: 1, last_seq: 3 });
    expect(handler.incomplete).toEqual([]);
    expect(server.acknowledged).toBe(3);
  });

  it('crashes, and nobody knows about the numbers after', async () => {
    token('a');
    server.crash();
    token('b');
    await settled(500);

    expect(handler.lost).toMatchObject([{ from: 2, to: 1_048_577, certain: false }]);
    expect(handler.seqs).toEqual([1, 1_048_578]);
    expect(handler.recoveries).toEqual([{ complete: false, events: 1 }]);
  });

  it('forgets what has expired, and begins another history', async () => {
    token('a');
    server.drop();
    token('b');
    server.expire(2);
    token('c');
    await settled(500);
    expect(handler.lost).toMatchObject([{ to: 2, cause: 'expired' }]);
    server.reset();
    token('new');
    await settled(1000);

    expect(handler.resets).toBe(1);
    expect(handler.seqs).toEqual([1, 3, 1]);
  });

  it('answers requests, and shows the words of the user everywhere', async () => {
    const accepted = client.request({ type: 'chat_message', thread_id: 't1', content: 'Hello', id: 'm1' });
    await expect(accepted).resolves.toEqual({ type: 'accepted', id: 'm1' });
    expect(handler.seqs).toEqual([1]);

    server.onRequest = () => ({ code: 'message_rejected', message: 'Not now.' });
    await expect(client.request({ type: 'cancel_run', thread_id: 't1', run_id: 'r1' })).rejects.toMatchObject({ code: 'message_rejected' });
    expect(server.requests.map(({ type }) => type)).toEqual(['chat_message', 'cancel_run']);
  });

  it('lets credentials end, and takes new ones', async () => {
    client.disconnect();
    await begin({ credentialMs: 60_000 });
    server.open[0]!.tell({ type: 'expiring', expires_in_ms: 10_000 });
    await settled();

    expect(server.open[0]!.said).toMatchObject([{ type: 'authenticate', token: 'nt_1' }]);
    expect(handler.endings).toEqual([]);
  });

  it('asks for signs of life, tells failures, and ends who acknowledges what was never sent', async () => {
    server.ping();
    server.fail({ code: 'send_failed', message: 'It could not be sent.' });
    await settled();
    expect(server.open[0]!.said).toMatchObject([{ type: 'pong', seq: 0 }]);
    expect(handler.errors).toMatchObject([{ code: 'send_failed' }]);

    server.open[0]!.send(JSON.stringify({ type: 'ack', seq: 7 }));
    await settled();
    expect(client.state).toMatchObject({ name: 'failed', code: 4400 });
  });
});
