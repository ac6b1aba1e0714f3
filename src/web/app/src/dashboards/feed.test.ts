import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rootOf } from './api';
import { EventSourceParser } from './event-source-parser';
import { Feed, type FeedState } from './feed';

describe('EventSourceParser', () => {
  it('reads events that come in pieces, and passes over comments', () => {
    const parser = new EventSourceParser();
    expect(parser.push(':\n\nid: 1\nevent: sta')).toEqual([]);
    expect(parser.push('te\ndata: {"a":1}\n')).toEqual([]);
    expect(parser.push('\nretry: 5\n\n')).toEqual([{ type: 'state', data: '{"a":1}' }]);
  });
});

describe('rootOf', () => {
  it.each([
    ['http://h/dashboards', '/'],
    ['http://h/dashboards/websocket_alerts?rule=x', '/'],
    ['http://h/netra/dashboards/websocket_alerts', '/netra/'],
  ])('finds the server of %s', (page, path) => expect(rootOf(page).pathname).toBe(path));
});

describe('Feed', () => {
  let states: FeedState[];
  let data: unknown[];
  let answers: (() => Response)[];
  let feed: Feed<unknown>;

  beforeEach(() => {
    vi.useFakeTimers();
    [states, data, answers] = [[], [], []];
    feed = new Feed(
      'http://h/feed',
      { onState: (state) => states.push(state), onData: (state) => data.push(state) },
      {
        random: () => 0,
        fetch: (_, init) => {
          const answer = answers.shift();
          return answer === undefined
            ? new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
            : Promise.resolve(answer());
        },
      },
    );
  });

  afterEach(() => {
    feed.stop();
    vi.useRealTimers();
  });

  const says =
    (...blocks: string[]) =>
    () =>
      new Response(blocks.join(''), { status: 200 });
  const state = (value: number) => `event: state\ndata: ${value}\n\n`;

  it('tells what comes, and begins anew when it is lost', async () => {
    answers = [says(state(1)), says(state(2))];
    feed.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(data).toEqual([1, 2]);
    expect(states.map(({ name }) => name)).toEqual(['connecting', 'live', 'lost', 'live', 'lost']);
  });

  it('comes back when the server said that it would be there again', async () => {
    answers = [says('event: end\ndata: {"reason":"server_shutdown","reconnect":true,"retry_ms":5000}\n\n'), says(state(2))];
    feed.start();
    await vi.advanceTimersByTimeAsync(4900);
    expect(data).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(data).toEqual([2]);
  });

  it('stays away after a refusal, and says why', async () => {
    answers = [() => new Response('{"detail":"Not for you."}', { status: 403 }), says(state(1))];
    feed.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toEqual({ name: 'refused', status: 403, reason: 'Not for you.' });
    expect(data).toEqual([]);
  });

  it('asks to sign in when its credential has ended', async () => {
    answers = [says('event: end\ndata: {"reason":"credential_expired","reconnect":false,"retry_ms":500}\n\n')];
    feed.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(states.at(-1)).toMatchObject({ name: 'refused', status: 401 });
  });

  it('gives up a server that gives no sign of life', async () => {
    feed.start();
    await vi.advanceTimersByTimeAsync(34_000);
    expect(states.map(({ name }) => name)).toEqual(['connecting']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(states.map(({ name }) => name)).toContain('lost');
  });

  it('is silent once paused', async () => {
    answers = [says(state(1))];
    feed.start();
    feed.pause();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(data).toEqual([]);
    expect(states.at(-1)).toEqual({ name: 'paused' });
  });
});
