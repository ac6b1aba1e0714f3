import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { fakeBrowser } from '../doubles/fake-browser.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import { RecordingHandler } from '../doubles/recording-handler.js';
import { keepIn } from '../storage/keep-in.js';
import { PipelineClient } from './pipeline-client.js';

describe('PipelineClient', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const settled = () => vi.advanceTimersByTimeAsync(0);

  it('says that there is no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);

    expect(() => new PipelineClient({ url: 'ws://127.0.0.1/ws' }, { onEvent: () => undefined })).toThrow('No WebSocket is here');
  });

  it('finds the WebSocket beside the page, and begins with what happens from now on', () => {
    vi.stubGlobal('location', { href: 'https://example.com/chat/index.html' });
    vi.stubGlobal('WebSocket', FakeSocket);
    new PipelineClient({ url: '../ws' }, { onEvent: () => undefined }).connect();

    expect(FakeSocket.last.url.href).toBe('wss://example.com/ws?join=1');
  });

  it('fails, and says why, where there is no connecting to an address', () => {
    const { client, handler } = createClient({
      WebSocket: class {
        constructor() {
          throw new SyntaxError('insecure');
        }
      },
    });

    expect(client.state).toEqual({ name: 'failed', code: 3010, reason: 'this address cannot be connected to (SyntaxError: insecure)' });
    expect(handler.states.at(-1)).toEqual(client.state);
  });

  it('shows a token as a subprotocol, and a ticket in the address', async () => {
    let credential = 'abc.def.ghi';
    const { client } = createClient({ getToken: () => credential });
    await settled();
    expect(FakeSocket.last.protocols).toEqual(['netra.v1', 'bearer.abc.def.ghi']);
    expect(FakeSocket.last.url.search).toBe('?seq=0&join=1');

    credential = 'nt_x';
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    await settled();
    expect(FakeSocket.last.protocols).toEqual(['netra.v1']);
    expect(FakeSocket.last.url.search).toBe('?ticket=nt_x&seq=0&join=1');
    client.disconnect();
  });

  it('takes nothing that is asked for too late', async () => {
    const asked: AbortSignal[] = [];
    const { client } = createClient({
      getToken: ({ signal, renewing }) => {
        expect(renewing).toBe(false);
        asked.push(signal);
        return new Promise<string>((resolve) => setTimeout(() => resolve('nt_late'), 12_000));
      },
    });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked[0]?.aborted).toBe(true);
    expect(client.state).toMatchObject({ name: 'connecting', attempt: 1, reason: 'the server did not answer' });
    client.disconnect();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(FakeSocket.all).toEqual([]);
  });

  it('disconnects, and stays so, when its signal is aborted', () => {
    const abort = new AbortController();
    const { client } = createClient({ signal: abort.signal });
    FakeSocket.last.welcome();
    abort.abort();

    expect(FakeSocket.last.closedWith).toBe(1000);
    expect(client.state).toMatchObject({ name: 'disconnected' });
    expect(() => client.connect()).toThrow(abort.signal.reason as Error);
  });

  it('tells an uncaught error of the application from its own, and goes on', async () => {
    const { client, handler } = createClient();
    const uncaught = vi.fn();
    vi.stubGlobal('queueMicrotask', (task: () => void) => {
      try {
        task();
      } catch (error) {
        uncaught(error);
      }
    });
    const failure = new Error('cannot draw');
    handler.onState = () => {
      throw failure;
    };
    FakeSocket.last.welcome();
    FakeSocket.last.event(1);

    expect(uncaught).toHaveBeenCalledWith(failure);
    expect(client.state.name).toBe('connected');
    expect(handler.seqs).toEqual([1]);
    client.disconnect();
  });

  it('writes faults to the console where nobody is told of them', () => {
    const written = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const client = new PipelineClient({ url: 'ws://127.0.0.1/ws', WebSocket: FakeSocket }, { onEvent: () => undefined });
    client.connect();
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'gap' });

    expect(written).toHaveBeenCalledWith(expect.objectContaining({ code: 'malformed_message' }));
    client.disconnect();
    written.mockRestore();
  });

  it('follows the browser: leaves when it is offline, and tries when it is online or seen again', () => {
    const browser = fakeBrowser();
    const { client } = createClient();
    FakeSocket.last.welcome();
    browser.dispatch('offline');
    expect(client.state).toMatchObject({ name: 'recovering', reason: 'this device is offline' });
    browser.dispatch('online');
    expect(FakeSocket.all).toHaveLength(2);

    FakeSocket.last.end(1006);
    browser.document.visibilityState = 'hidden';
    browser.dispatch('visibilitychange');
    expect(FakeSocket.all).toHaveLength(2);
    browser.document.visibilityState = 'visible';
    browser.dispatch('visibilitychange');
    expect(FakeSocket.all).toHaveLength(3);
    client.disconnect();
    browser.dispatch('online');
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('is told where a request is given up', async () => {
    const { client } = createClient();
    FakeSocket.last.welcome();
    const abort = new AbortController();
    const request = client.request({ type: 'chat_message', thread_id: 't1', content: 'Hello' }, { signal: abort.signal });
    expect(FakeSocket.last.said('chat_message')[0]?.['id']).toMatch(/^[\d-]{7,}$/);
    abort.abort(new Error('changed my mind'));

    await expect(request).rejects.toThrow('changed my mind');
    client.disconnect();
  });

  describe('with a storage', () => {
    let kept: Map<string, string>;
    const storage = () => keepIn({ getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text) });
    const load = async (options = {}) => {
      const created = createClient({ storage: storage(), ...options });
      await settled();
      return created;
    };

    beforeEach(() => {
      kept = new Map();
    });

    it('goes on after a reload where it was', async () => {
      const first = await load();
      FakeSocket.last.welcome({ seq: 0, from: 0 });
      FakeSocket.last.event(1);
      FakeSocket.last.critical(2);
      const second = await load();
      expect(FakeSocket.last.url.search).toBe('?user_id=ada&epoch=E1&seq=2&from=0&join=1');
      expect(second.client.state).toEqual({ name: 'recovering', attempt: 0, reason: 'the page was loaded again' });

      FakeSocket.last.welcome({ seq: 3, from: 0 });
      FakeSocket.last.critical(3);
      expect(second.handler.seqs).toEqual([3]);
      expect(second.handler.recoveries).toEqual([{ complete: true, events: 1 }]);
      first.client.disconnect();
      second.client.disconnect();
    });

    it('keeps what was handled before it is acknowledged, and when the page may be gone', async () => {
      const browser = fakeBrowser();
      const { client } = await load();
      FakeSocket.last.welcome();
      FakeSocket.last.event(1);
      browser.dispatch('pagehide');

      expect(JSON.parse(kept.get('netra.position')!)).toMatchObject({ epoch: 'E1', seq: 1, from: 0 });
      client.disconnect();
    });

    it('begins anew where the position is of somebody else', async () => {
      const { client } = await load();
      FakeSocket.last.welcome();
      FakeSocket.last.critical(1);
      client.disconnect();
      const other = await load({ userId: 'bob' });
      FakeSocket.last.welcome({ user_id: 'bob', seq: 5 });
      await settled();
      expect(FakeSocket.last.url.search).toBe('?user_id=bob&seq=0&join=1');
      FakeSocket.last.welcome({ user_id: 'bob', seq: 5, resumed: false });
      FakeSocket.last.event(1);

      expect(other.handler.seqs).toEqual([1]);
      expect(other.handler.resets).toBe(0);
      other.client.disconnect();
    });

    it.each(['nonsense', '{}', '[]', 'null', '{"user":"u","epoch":"E1","seq":-1,"from":0}'])('takes %s for no position', async (text) => {
      kept.set('netra.position', text);
      const { client, handler } = await load();

      expect(FakeSocket.last.url.search).toBe('?user_id=ada&seq=0&join=1');
      expect(handler.faults).toEqual([]);
      client.disconnect();
    });

    it('tells of a storage that fails, and goes on without it', async () => {
      const failing = { load: () => Promise.reject(new Error('no access')), save: () => { throw new Error('full'); } };
      const { client, handler } = await load({ storage: failing });
      FakeSocket.last.welcome();
      FakeSocket.last.critical(1);
      await settled();

      expect(handler.faults[0]).toMatchObject({ code: 'storage_failed', message: 'The position cannot be kept: Error: no access' });
      expect(handler.faults[1]).toMatchObject({ code: 'storage_failed', message: 'The position cannot be kept: Error: full' });
      expect(handler.seqs).toEqual([1]);
      expect(FakeSocket.last.said('ack')).toEqual([{ type: 'ack', seq: 1 }]);
      client.disconnect();
    });

    it('reads the position again where the browser went offline before it was there', async () => {
      const browser = fakeBrowser();
      const first = await load({ followBrowser: false });
      FakeSocket.last.welcome({ seq: 0, from: 0 });
      FakeSocket.last.critical(1);
      const { client, handler } = createClient({ storage: storage() });
      browser.dispatch('offline');
      await settled();
      expect(client.state).toMatchObject({ name: 'connecting', reason: 'this device is offline' });
      browser.dispatch('online');
      await settled();

      expect(FakeSocket.last.url.search).toBe('?user_id=ada&epoch=E1&seq=1&from=0&join=1');
      FakeSocket.last.welcome({ seq: 2, from: 0 });
      FakeSocket.last.critical(2);
      expect(handler.seqs).toEqual([2]);
      first.client.disconnect();
      client.disconnect();
    });

    it('connects as one without a past where the storage never answers', async () => {
      const silent = { load: () => new Promise<undefined>(() => undefined), save: () => undefined };
      const { client, handler } = await load({ storage: silent, connectTimeoutMs: 3000 });
      const before = FakeSocket.all.length;
      await vi.advanceTimersByTimeAsync(2999);
      expect(FakeSocket.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);

      expect(FakeSocket.last.url.search).toBe('?user_id=ada&seq=0&join=1');
      expect(handler.faults).toMatchObject([{ code: 'storage_failed', message: 'The position cannot be kept: no answer' }]);
      FakeSocket.last.welcome();
      await vi.advanceTimersByTimeAsync(3000);
      expect(client.state.name).toBe('connected');
      client.disconnect();
    });
  });

  it('ends where another user is signed in than the one it spoke for', () => {
    const handler = new RecordingHandler();
    const client = new PipelineClient({ url: 'ws://127.0.0.1/ws', WebSocket: FakeSocket, random: () => 1 }, handler);
    client.connect();
    FakeSocket.last.welcome();
    FakeSocket.last.event(1);
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ user_id: 'bob' });

    expect(client.state).toEqual({ name: 'failed', code: 4409, reason: 'another user is signed in' });
  });
});
