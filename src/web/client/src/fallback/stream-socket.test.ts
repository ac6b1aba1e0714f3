import { beforeEach, describe, expect, it } from 'vitest';
import { FakeStream } from '../doubles/fake-stream.js';
import { welcomeFrame } from '../doubles/frames.js';
import { PostRefused } from './post.js';
import { StreamSocket } from './stream-socket.js';

describe('StreamSocket', () => {
  let socket: StreamSocket;
  let heard: unknown[];
  let endings: object[];

  beforeEach(() => {
    FakeStream.reset();
    [heard, endings] = [[], []];
    socket = new StreamSocket(
      'http://127.0.0.1:5080/v1/stream?user_id=ada&epoch=E1&seq=5&from=3',
      (url) => new FakeStream(url),
      FakeStream.post,
    );
    socket.onmessage = ({ data }) => heard.push(data);
    socket.onclose = (ending) => endings.push(ending);
  });

  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const posted = () => FakeStream.posts.map(({ address, body }) => [address.pathname + address.search, body]);

  it('is open with the welcome, which says where messages go', async () => {
    expect(socket.readyState).toBe(0);
    FakeStream.last.receive(welcomeFrame({ connection_id: 'c-9/f' }));
    expect(socket.readyState).toBe(1);
    expect(heard).toEqual([JSON.stringify(welcomeFrame({ connection_id: 'c-9/f' }))]);

    socket.send('{"type":"ack","seq":58}');
    socket.send('{"type":"replay","from":3,"to":4}');
    await settled();
    expect(posted()).toEqual([
      ['/v1/stream/c-9%2Ff/ack?user_id=ada', { seq: 58 }],
      ['/v1/stream/c-9%2Ff/messages?user_id=ada', { type: 'replay', from: 3, to: 4 }],
    ]);
  });

  it('posts with the key of the welcome where a ticket has opened it', async () => {
    const opened = new StreamSocket('http://127.0.0.1:5080/v1/stream?ticket=nt_1&seq=5', (url) => new FakeStream(url), FakeStream.post);
    FakeStream.last.receive(welcomeFrame({ post_key: 'p/k' }));
    opened.send('{"type":"ack","seq":58}');
    await settled();

    expect(posted()).toEqual([['/v1/stream/c-1/ack?post_key=p%2Fk', { seq: 58 }]]);
  });

  it('passes on whatever a stream begins with', () => {
    FakeStream.last.onmessage?.({ data: '{' });
    FakeStream.last.onmessage?.({ data: 'null' });

    expect(heard).toEqual(['{', 'null']);
    expect(socket.readyState).toBe(0);
  });

  it.each([
    [{ reason: 'server_shutdown', reconnect: true }, { code: 1012, reason: '', reconnect: true }],
    [{ reason: 'invalid_message', reconnect: false }, { code: 4400, reason: '', reconnect: false }],
    [{ reason: 'credential_expired', reconnect: true }, { code: 4401, reason: '', reconnect: true }],
    [{ reason: 'credential_revoked', reconnect: false }, { code: 4403, reason: '', reconnect: false }],
    [{ reason: 'identity_changed', reconnect: false }, { code: 4409, reason: '', reconnect: false }],
    [{ reason: 'bored', reconnect: false }, { code: 1006, reason: 'bored', reconnect: false }],
    [{ reason: 'toString' }, { code: 1006, reason: 'toString' }],
    [{}, { code: 1006, reason: 'no reason given' }],
  ])('ends as the server says: %j', (said, ending) => {
    FakeStream.last.end(said);

    expect(endings).toEqual([ending]);
    expect(FakeStream.last.closed).toBe(true);
    expect(socket.readyState).toBe(3);
  });

  it('does not let the browser reconnect by itself', () => {
    FakeStream.last.break();
    FakeStream.last.break();

    expect(FakeStream.last.closed).toBe(true);
    expect(endings).toEqual([{ code: 1006, reason: '' }]);
  });

  it.each([
    [new PostRefused(400, 'no such number'), { code: 4400, reason: 'no such number' }],
    [new PostRefused(413, 'too long'), { code: 1009, reason: 'too long' }],
    [new PostRefused(404, 'not open'), { code: 1006, reason: 'not open' }],
    [new TypeError('fetch failed'), { code: 1006, reason: 'fetch failed' }],
  ])('ends when a message did not arrive: %s', async (error, ending) => {
    FakeStream.onPost = () => Promise.reject(error);
    FakeStream.last.receive(welcomeFrame());
    socket.send('{"type":"ack","seq":58}');
    await settled();

    expect(endings).toEqual([ending]);
    expect(FakeStream.last.closed).toBe(true);
  });

  it('posts again, in order, what came too fast', async () => {
    const refusals = [new PostRefused(429, 'too fast', 5), new PostRefused(429, 'too fast', 5)];
    FakeStream.onPost = () => {
      const refused = refusals.shift();
      return refused === undefined ? Promise.resolve() : Promise.reject(refused);
    };
    FakeStream.last.receive(welcomeFrame());
    socket.send('{"type":"ack","seq":58}');
    socket.send('{"type":"pong","seq":58,"ts":1}');
    await socket.drained();

    expect(FakeStream.posts.map(({ body }) => body)).toEqual([{ seq: 58 }, { seq: 58 }, { seq: 58 }, { type: 'pong', seq: 58, ts: 1 }]);
    expect(endings).toEqual([]);
    expect(FakeStream.last.closed).toBe(false);
  });

  it('is quiet after it was closed', async () => {
    FakeStream.onPost = () => Promise.reject(new Error('gone'));
    FakeStream.last.receive(welcomeFrame());
    socket.send('{"type":"ack","seq":58}');
    socket.close();
    FakeStream.last.break();
    await settled();

    expect(endings).toEqual([]);
  });
});
