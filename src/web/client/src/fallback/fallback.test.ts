import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import { FakeStream } from '../doubles/fake-stream.js';
import { criticalFrame, tokenFrame, welcomeFrame } from '../doubles/frames.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import type { PipelineClient } from '../connection/pipeline-client.js';
import { fakeBrowser } from '../doubles/fake-browser.js';
import { eventStreams } from './event-streams.js';
import { retrySocketMs } from './transport-choice.js';

/** The fallback as a whole: a connection whose WebSockets do not get through. */
describe('Fallback', () => {
  let client: PipelineClient;
  let handler: RecordingHandler;
  let ready: boolean;
  let browser: ReturnType<typeof fakeBrowser>;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeStream.reset();
    ready = true;
    vi.stubGlobal('fetch', () => Promise.resolve({ ok: ready }));
    browser = fakeBrowser();
    ({ client, handler } = createClient({ fallback: eventStreams({ openStream: (url) => new FakeStream(url), post: FakeStream.post }) }));
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const untilRetry = () => {
    const { state } = client;
    return vi.advanceTimersByTimeAsync('retryAt' in state ? (state.retryAt ?? 0) - Date.now() : 0);
  };
  const refuseSockets = async (count: number) => {
    for (let i = 0; i < count; i++) {
      FakeSocket.last.end(1006);
      await untilRetry();
    }
  };
  const fallBack = async () => {
    await refuseSockets(3);
    FakeStream.last.receive(welcomeFrame({ seq: 10, from: 10, resumed: false }));
  };
  const said = () => FakeStream.posts.map(({ address, body }) => [address.pathname.split('/').at(-1), body]);

  it('falls back to the stream, and says so', async () => {
    await fallBack();

    expect(FakeStream.last.url.href).toBe('http://127.0.0.1:5080/v1/stream?user_id=ada&seq=0&join=1');
    expect(client.state).toMatchObject({ name: 'connected', transport: 'stream' });
  });

  it('says the same over it as over a WebSocket', async () => {
    await fallBack();
    FakeStream.last.receive(criticalFrame(11));
    FakeStream.last.receive({ type: 'ping', ts: 5 });
    FakeStream.last.receive(tokenFrame(13));
    const answer = client.request({ type: 'chat_message', id: 'm1', thread_id: 't1', content: 'Hello' });
    await vi.advanceTimersByTimeAsync(0);
    expect(said()).toEqual([
      ['ack', { seq: 11 }],
      ['messages', { type: 'pong', seq: 11, ts: 5 }],
      ['messages', { type: 'replay', from: 12, to: 12 }],
      ['messages', { type: 'chat_message', id: 'm1', thread_id: 't1', content: 'Hello' }],
    ]);

    FakeStream.last.receive({ type: 'accepted', id: 'm1', run_id: 'r1' });
    await expect(answer).resolves.toMatchObject({ run_id: 'r1' });
    FakeStream.last.receive(tokenFrame(12, { redelivery: 1 }));
    expect(handler.seqs).toEqual([11, 12, 13]);
  });

  it('resumes on another stream after its cursor', async () => {
    await fallBack();
    FakeStream.last.receive(criticalFrame(11));
    FakeStream.last.break();
    expect(client.state).toMatchObject({ name: 'recovering', reason: 'the connection was lost' });
    await untilRetry();

    expect(FakeStream.all).toHaveLength(2);
    expect(FakeStream.last.url.search).toBe('?user_id=ada&epoch=E1&seq=11&from=10&join=1');
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('reconnects or gives up as the end of the stream says', async () => {
    await fallBack();
    FakeStream.last.end({ reason: 'server_shutdown', reconnect: true });
    expect(client.state).toMatchObject({ name: 'recovering', reason: 'the server is restarting' });
    await untilRetry();
    FakeStream.last.receive(welcomeFrame());
    FakeStream.last.end({ reason: 'message_too_big', reconnect: false });

    expect(client.state).toMatchObject({ name: 'failed', code: 1009, reason: 'a message was too big' });
  });

  it('goes back to a WebSocket after five minutes', async () => {
    await fallBack();
    for (let ms = 0; ms < retrySocketMs; ms += 15_000) {
      FakeStream.last.receive({ type: 'ping', ts: ms });
      vi.advanceTimersByTime(15_000);
    }
    FakeStream.last.break();
    await untilRetry();
    expect(FakeSocket.all).toHaveLength(4);

    FakeSocket.last.welcome();
    expect(client.state).toMatchObject({ name: 'connected', transport: 'websocket' });
  });

  it('tries a WebSocket when the browser comes online', async () => {
    await fallBack();
    browser.dispatch('offline');
    browser.dispatch('online');

    expect(FakeStream.all).toHaveLength(1);
    expect(FakeSocket.all).toHaveLength(4);
  });

  it('stays with WebSockets while the server is away', async () => {
    ready = false;
    await refuseSockets(10);

    expect(FakeStream.all).toHaveLength(0);
  });

  it('does not take being offline for a failure of WebSockets', async () => {
    for (let i = 0; i < 5; i++) {
      browser.dispatch('offline');
      await untilRetry();
    }

    expect(FakeStream.all).toHaveLength(0);
  });
});
