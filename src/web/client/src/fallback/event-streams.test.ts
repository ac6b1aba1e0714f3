import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnauthorizedError } from '../connection/credentials.js';
import type { Socket, SocketEnd } from '../connection/socket.js';
import { FakeStream } from '../doubles/fake-stream.js';
import { welcomeFrame } from '../doubles/frames.js';
import { eventStreams } from './event-streams.js';

describe('eventStreams', () => {
  const address = 'http://127.0.0.1:5080/netra/v1/stream?seq=0&join=1';
  let ends: SocketEnd[];

  beforeEach(() => {
    FakeStream.reset();
    ends = [];
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const create = (url?: string) =>
    eventStreams({ openStream: (opened) => new FakeStream(opened), post: FakeStream.post, ...(url !== undefined && { url }) })(
      new URL('ws://127.0.0.1:5080/netra/ws'),
      () => Promise.resolve(true),
    );
  const open = (credential?: string): Socket => {
    const socket = create().open(address, credential);
    socket.onclose = (end) => ends.push(end);
    return socket;
  };

  it('are beside the WebSocket, unless they are said to be elsewhere', () => {
    expect(create().url).toBe('http://127.0.0.1:5080/netra/v1/stream');
    expect(create('https://example.com/stream').url).toBe('https://example.com/stream');
  });

  it('take a ticket for a token, which no event stream could show', async () => {
    const fetch = vi.fn(() => Promise.resolve(Response.json({ ticket: 'nt_7' }, { status: 201 })));
    vi.stubGlobal('fetch', fetch);
    const socket = open('abc.def.ghi');
    expect(socket.readyState).toBe(0);
    await settled();

    expect(fetch).toHaveBeenCalledWith(
      new URL('http://127.0.0.1:5080/netra/v1/tickets'),
      expect.objectContaining({ method: 'POST', headers: { Authorization: 'Bearer abc.def.ghi' } }),
    );
    expect(FakeStream.last.url.searchParams.get('ticket')).toBe('nt_7');
    FakeStream.last.receive(welcomeFrame({ post_key: 'k' }));
    expect(socket.readyState).toBe(1);
    socket.send('{"type":"ack","seq":0}');
    await settled();
    expect(FakeStream.posts[0]?.address.search).toBe('?post_key=k');
    socket.close();
    expect(FakeStream.last.closed).toBe(true);
  });

  it.each([
    [403, new UnauthorizedError().code],
    [503, 3008],
  ])('end where the server answers %i with code %i, and say why', async (status, code) => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ detail: 'Not you.' }, { status })));
    open('abc.def.ghi');
    await settled();

    expect(ends).toEqual([{ code, reason: 'Not you.' }]);
    expect(FakeStream.all).toEqual([]);
  });

  it('open nothing that was closed meanwhile', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ ticket: 'nt_7' })));
    open('abc.def.ghi').close();
    await settled();

    expect(FakeStream.all).toEqual([]);
    expect(ends).toEqual([]);
  });
});
