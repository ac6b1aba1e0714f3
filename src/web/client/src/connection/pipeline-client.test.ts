import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { fakeBrowser } from '../doubles/fake-browser.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import type { PipelineClient } from './pipeline-client.js';

describe('PipelineClient', () => {
  let client: PipelineClient;
  let browser: ReturnType<typeof fakeBrowser>;
  let handler: RecordingHandler;

  beforeEach(() => {
    vi.useFakeTimers();
    browser = fakeBrowser();
    ({ client, handler } = createClient());
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const names = () => handler.states.map((state) => state.name);

  it('begins with everything that is kept', () => {
    expect(FakeSocket.last.protocols).toEqual(['netra.v1']);
    expect(FakeSocket.last.url.search).toBe('?user_id=ada&seq=0&join=1');
    expect(names()).toEqual(['connecting']);
  });

  it('is connected with the welcome, not with the open socket', () => {
    FakeSocket.last.onopen?.(undefined as never);
    expect(names()).toEqual(['connecting']);

    FakeSocket.last.welcome();
    expect(names()).toEqual(['connecting', 'connected']);
  });

  it('resumes after its cursor with epoch, number and coverage', () => {
    FakeSocket.last.welcome({ from: 3, resumed: false });
    FakeSocket.last.event(4);
    FakeSocket.last.event(5);
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);

    expect(FakeSocket.all).toHaveLength(2);
    expect(FakeSocket.last.url.search).toBe('?user_id=ada&epoch=E1&seq=5&from=3&join=1');
  });

  it('says why it reconnects and when it tries again', () => {
    FakeSocket.last.welcome();
    FakeSocket.last.end(1012);

    expect(handler.states.at(-1)).toEqual({
      name: 'recovering',
      attempt: 1,
      reason: 'the server is restarting',
      retryAt: Date.now() + 500,
    });
  });

  it('waits longer after each failure, even after handshakes that succeeded', () => {
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      FakeSocket.last.welcome();
      FakeSocket.last.end(1006);
      const state = client.state;
      waits.push('retryAt' in state ? (state.retryAt ?? 0) - Date.now() : -1);
      vi.advanceTimersByTime(waits.at(-1) ?? 0);
    }

    expect(waits).toEqual([500, 1000, 2000, 4000]);
  });

  it('begins to count anew after a connection that held', () => {
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(999);
    FakeSocket.last.end(1006);
    expect(client.state).toMatchObject({ attempt: 2 });
    vi.advanceTimersByTime(1000);
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(1000);
    FakeSocket.last.end(1006);

    expect(client.state).toMatchObject({ attempt: 1 });
  });

  it('waits as long as the server asked when the server ends the connection', () => {
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'reconnect', after_ms: 3000, reason: 'drain' });
    FakeSocket.last.end(1012);

    vi.advanceTimersByTime(2999);
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('stays until there is another server, and goes there at once', async () => {
    const fetch = vi.fn(() => Promise.resolve({ ok: false }));
    vi.stubGlobal('fetch', fetch);
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'reconnect', after_ms: 3000, reason: 'drain' });
    await vi.advanceTimersByTimeAsync(2999);
    expect(fetch).not.toHaveBeenCalled();

    await vi.advanceTimersByTimeAsync(1000);
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(FakeSocket.last.closedWith).toBeUndefined();
    fetch.mockResolvedValue({ ok: true });
    await vi.advanceTimersByTimeAsync(1000);

    expect(FakeSocket.all[0]?.closedWith).toBe(3005);
    expect(FakeSocket.all).toHaveLength(2);
    vi.unstubAllGlobals();
  });

  it('stays when the server takes back what it asked', async () => {
    const fetch = vi.fn(() => Promise.resolve({ ok: true }));
    vi.stubGlobal('fetch', fetch);
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'reconnect', after_ms: 3000, reason: 'drain' });
    FakeSocket.last.receive({ type: 'stay', reason: 'the server goes on' });
    await vi.advanceTimersByTimeAsync(4000);

    expect(fetch).not.toHaveBeenCalled();
    expect(FakeSocket.all).toHaveLength(1);
    vi.unstubAllGlobals();
  });

  it.each([1002, 1003, 1007, 1008, 1009, 4400])('gives up after close code %i and says so', (code) => {
    FakeSocket.last.welcome();
    FakeSocket.last.end(code, 'detail');
    vi.advanceTimersByTime(60_000);

    expect(FakeSocket.all).toHaveLength(1);
    expect(client.state).toMatchObject({ name: 'failed', code, reason: expect.stringContaining('(detail)') as string });
  });

  it.each([1000, 1001, 1006, 1011, 1012, 1013, 4408, 4410, 4411, 4412])('reconnects after close code %i', (code) => {
    FakeSocket.last.welcome();
    FakeSocket.last.end(code);
    vi.advanceTimersByTime(500);

    expect(FakeSocket.all).toHaveLength(2);
  });

  it('connects again by hand after it gave up', () => {
    FakeSocket.last.welcome();
    FakeSocket.last.end(4400);
    client.connect();

    expect(FakeSocket.all).toHaveLength(2);
    expect(names().at(-1)).toBe('recovering');
  });

  it('ignores what a dead socket still says', () => {
    const dead = FakeSocket.last;
    dead.welcome();
    dead.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome();
    const before = handler.states.length;
    dead.event(1);
    dead.end(4400);

    expect(handler.seqs).toEqual([]);
    expect(handler.states).toHaveLength(before);
  });

  it('gives up on a handshake that is not answered', () => {
    vi.advanceTimersByTime(10_000);

    expect(client.state).toMatchObject({ name: 'connecting', reason: 'the server did not answer' });
  });

  it('takes silence for the end of the connection', () => {
    FakeSocket.last.welcome();
    vi.advanceTimersByTime(20_000);
    FakeSocket.last.receive({ type: 'ping', ts: 1 });
    vi.advanceTimersByTime(24_999);
    expect(client.state.name).toBe('connected');

    vi.advanceTimersByTime(1);
    expect(client.state).toMatchObject({ name: 'recovering', reason: 'the server went silent' });
    expect(FakeSocket.last.closedWith).toBe(3001);
  });

  it('does not sit out its waiting time when the browser has good news', () => {
    FakeSocket.last.end(1006);
    client.retryNow();

    expect(FakeSocket.all).toHaveLength(2);
    client.retryNow();
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('drops its socket when the browser goes offline', () => {
    FakeSocket.last.welcome();
    browser.dispatch('offline');

    expect(client.state).toMatchObject({ name: 'recovering', reason: 'this device is offline' });
  });

  it('does not trust a server that begins without its welcome', () => {
    FakeSocket.last.event(1);

    expect(handler.seqs).toEqual([]);
    expect(handler.faults).toHaveLength(1);
    expect(client.state.name).toBe('connecting');
  });

  it('forgets its numbers when another history begins', () => {
    FakeSocket.last.welcome({ from: 40, resumed: false });
    FakeSocket.last.event(41);
    FakeSocket.last.end(1012);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ epoch: 'E2', seq: 2, from: 0, resumed: false });
    FakeSocket.last.event(1);
    FakeSocket.last.event(2);

    expect(handler.resets).toBe(1);
    expect(handler.seqs).toEqual([41, 1, 2]);
    expect(handler.faults).toEqual([]);
  });

  it('passes on errors, and tolerates what it does not know', () => {
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'weather' });
    FakeSocket.last.receive({ type: 'error', code: 'tool_failed', message: 'Boom', severity: 'error', timestamp: 1 });

    expect(handler.errors.map((error) => error.code)).toEqual(['tool_failed']);
    expect(handler.faults).toEqual([]);
  });

  it('tells of a frame it cannot read, and goes on', () => {
    FakeSocket.last.welcome();
    FakeSocket.last.receive({ type: 'gap' });

    expect(handler.faults).toHaveLength(1);
    expect(client.state.name).toBe('connected');
  });
});
