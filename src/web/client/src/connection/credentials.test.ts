import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import { FakeStream } from '../doubles/fake-stream.js';
import { welcomeFrame } from '../doubles/frames.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import type { PipelineClient } from './pipeline-client.js';
import { eventStreams } from '../fallback/event-streams.js';
import { UnauthorizedError } from './credentials.js';

/** A connection as it is outside of Development: by tickets, and under a credential that ends. */
describe('Credentials', () => {
  let client: PipelineClient;
  let handler: RecordingHandler;
  let taken: number;
  let takeTicket: () => Promise<string>;

  beforeEach(async () => {
    vi.useFakeTimers();
    FakeStream.reset();
    taken = 0;
    takeTicket = () => Promise.resolve(`nt_${++taken}`);
    vi.stubGlobal('fetch', () => Promise.resolve({ ok: true }));
    ({ client, handler } = createClient({
      fallback: eventStreams({ openStream: (url) => new FakeStream(url), post: FakeStream.post }),
      getToken: () => takeTicket(),
    }));
    await settled();
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const settled = () => vi.advanceTimersByTimeAsync(0);
  const untilRetry = () => {
    const { state } = client;
    return vi.advanceTimersByTimeAsync('retryAt' in state ? (state.retryAt ?? 0) - Date.now() : 0);
  };
  const refuse = (code: number, message = '') => {
    takeTicket = () => Promise.reject(new UnauthorizedError(message, code));
  };
  const said = () => FakeSocket.last.said('authenticate').map(({ token }) => token);

  describe('of handshakes', () => {
    it('are taken anew for every attempt', async () => {
      expect(FakeSocket.last.url.search).toBe('?ticket=nt_1&seq=0&join=1');
      FakeSocket.last.welcome({ seq: 5, from: 5, resumed: false });
      expect(client.state.name).toBe('connected');
      FakeSocket.last.end(1006);
      await untilRetry();
      expect(FakeSocket.last.url.search).toBe('?ticket=nt_2&epoch=E1&seq=5&from=5&join=1');

      FakeSocket.last.end(1006);
      await untilRetry();
      expect(FakeSocket.last.url.searchParams.get('ticket')).toBe('nt_3');
    });

    it('are taken for event streams too', async () => {
      for (let i = 0; i < 3; i++) {
        FakeSocket.last.end(1006);
        await untilRetry();
      }

      expect(FakeStream.last.url.search).toBe('?seq=0&join=1&ticket=nt_4');
      FakeStream.last.receive(welcomeFrame({ post_key: 'k' }));
      FakeStream.last.receive({ type: 'ping', ts: 5 });
      await settled();
      expect(FakeStream.posts.map(({ address }) => address.search)).toEqual(['?post_key=k']);
    });

    it('are tried for again when there is none now, and that says nothing about WebSockets', async () => {
      FakeSocket.last.end(1006);
      takeTicket = () => Promise.reject(new Error('try later'));
      for (let i = 0; i < 5; i++) {
        await untilRetry();
        expect(client.state).toMatchObject({ reason: 'there is no credential (try later)' });
      }

      expect(FakeSocket.all).toHaveLength(1);
      takeTicket = () => Promise.resolve('nt_9');
      await untilRetry();
      expect(FakeSocket.last.url.searchParams.get('ticket')).toBe('nt_9');
    });

    it('are asked for no more when there will be none, until somebody has signed in', async () => {
      FakeSocket.last.welcome();
      FakeSocket.last.event(1);
      refuse(3007);
      FakeSocket.last.end(4401);
      expect(client.state).toMatchObject({ name: 'recovering', reason: 'the credential has ended' });
      await untilRetry();
      expect(client.state).toEqual({ name: 'failed', code: 3007, reason: 'the session is over' });

      takeTicket = () => Promise.resolve('nt_9');
      client.refreshToken();
      await settled();
      expect(FakeSocket.last.url.search).toBe('?ticket=nt_9&epoch=E1&seq=1&from=0&join=1');
    });

    it('open nothing when they come after the connection was closed', async () => {
      let give: (ticket: string) => void = () => undefined;
      takeTicket = () => new Promise((resolve) => (give = resolve));
      FakeSocket.last.end(1006);
      await untilRetry();
      client.disconnect();
      give('nt_9');
      await settled();

      expect(FakeSocket.all).toHaveLength(1);
    });

    it('are given up after the time that connecting may take', async () => {
      takeTicket = () => new Promise(() => undefined);
      FakeSocket.last.end(1006);
      await untilRetry();
      await vi.advanceTimersByTimeAsync(10_000);

      expect(client.state).toMatchObject({ name: 'connecting', reason: 'the server did not answer' });
    });

    it.each([4403, 4409])('are not taken after %i', async (code) => {
      FakeSocket.last.welcome();
      FakeSocket.last.end(code);
      await vi.advanceTimersByTimeAsync(60_000);

      expect(client.state).toMatchObject({ name: 'failed', code });
      expect(taken).toBe(1);
    });
  });

  describe('of connections that go on', () => {
    beforeEach(() => FakeSocket.last.welcome({ expires_in_ms: 60_000 }));

    const expiring = (ms = 60_000) => FakeSocket.last.receive({ type: 'expiring', expires_in_ms: ms });
    const authenticated = (ms?: number) =>
      FakeSocket.last.receive({ type: 'authenticated', ...(ms !== undefined && { expires_in_ms: ms }) });
    const failed = (code: string) => {
      const id = FakeSocket.last.said('authenticate').at(-1)?.['id'];
      FakeSocket.last.receive({ type: 'error', code, message: 'No', severity: 'error', timestamp: 1, id });
    };

    it('are taken when the server says that the credential ends, and handed over', async () => {
      expiring();
      await settled();
      expect(said()).toEqual(['nt_2']);
      authenticated(3_600_000);
      expiring();
      await settled();

      expect(said()).toEqual(['nt_2', 'nt_3']);
      expect(FakeSocket.all).toHaveLength(1);
      expect(handler.faults).toEqual([]);
    });

    it('are not taken again and again when that wins no time', async () => {
      for (let i = 0; i < 5; i++) {
        expiring(50_000);
        await settled();
        authenticated(50_000);
      }
      expect(said()).toEqual(['nt_2']);
      expect(handler.endings).toEqual([true]);

      client.refreshToken();
      await settled();
      expect(said()).toEqual(['nt_2', 'nt_3']);
      authenticated(3_600_000);
      expect(handler.endings).toEqual([true, false]);
    });

    it('say nothing of an end that nobody has announced', async () => {
      client.refreshToken();
      await settled();
      authenticated(60_000);

      expect(said()).toEqual(['nt_2']);
      expect(handler.endings).toEqual([]);
    });

    it('of the next connection are no longer about to end', async () => {
      expiring();
      await settled();
      authenticated(60_000);
      FakeSocket.last.end(4401);
      await untilRetry();
      expect(handler.endings).toEqual([true]);
      FakeSocket.last.welcome();

      expect(handler.endings).toEqual([true, false]);
    });

    it('are taken again, with pauses, when they are not taken for valid, which nobody has to see', async () => {
      expiring();
      await settled();
      failed('authentication_failed');
      await vi.advanceTimersByTimeAsync(499);
      expect(said()).toEqual(['nt_2']);
      await vi.advanceTimersByTimeAsync(1);
      failed('authentication_unavailable');
      await vi.advanceTimersByTimeAsync(1000);

      expect(said()).toEqual(['nt_2', 'nt_3', 'nt_4']);
      expect(handler.errors).toEqual([]);
    });

    it('are tried for again when there is none now', async () => {
      takeTicket = () => Promise.reject(new Error('try later'));
      expiring();
      await settled();
      takeTicket = () => Promise.resolve('nt_9');
      await vi.advanceTimersByTimeAsync(500);

      expect(said()).toEqual(['nt_9']);
    });

    it('leave the connection alone when the session is over, to the end of its credential', async () => {
      refuse(3007);
      expiring();
      await vi.advanceTimersByTimeAsync(20_000);

      expect(client.state.name).toBe('connected');
      expect(said()).toEqual([]);
    });

    it('end the connection when another user is signed in now', async () => {
      refuse(4409);
      expiring();
      await settled();

      expect(client.state).toEqual({ name: 'failed', code: 4409, reason: 'another user is signed in' });
    });

    it('of an earlier connection are not handed to a later one', async () => {
      let give: (ticket: string) => void = () => undefined;
      takeTicket = () => new Promise((resolve) => (give = resolve));
      expiring();
      takeTicket = () => Promise.resolve('nt_9');
      FakeSocket.last.end(1006);
      await untilRetry();
      FakeSocket.last.welcome();
      give('nt_8');
      await settled();

      expect(said()).toEqual([]);
    });
  });
});
