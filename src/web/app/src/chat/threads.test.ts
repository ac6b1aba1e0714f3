import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from 'netra-pipeline-client';
import { ask } from 'netra-pipeline-client/runs';
import { agentEvents } from 'netra-pipeline-client/testing';
import {
  addListed,
  applyToThreads,
  beginLoading,
  conversationOf,
  converse,
  finishLoading,
  inOrder,
  noThreads,
  summaryOf,
  threadLimits,
  titleOf,
  type Threads,
} from './threads';

function inThread<T extends PipelineEvent>(event: T, thread_id: string): T {
  return { ...event, thread_id };
}

function apply(threads: Threads, ...events: readonly PipelineEvent[]): Threads {
  return events.reduce((known, event) => applyToThreads(known, event, 'shown'), threads);
}

function listed(thread_id: string, seq: number, more: object = {}) {
  return { thread_id, last_event: { seq, timestamp: 1 }, open_runs: [], waiting: [], ...more };
}

describe('threads', () => {
  it('show what happens in them apart', () => {
    const threads = apply(noThreads, inThread(agentEvents.started(1), 'a'), inThread(agentEvents.started(2), 'b'));

    expect(conversationOf(threads, 'a').exchanges).toHaveLength(1);
    expect(conversationOf(threads, 'b').exchanges).toHaveLength(1);
    expect(inOrder(threads).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it('keep their places while words come', () => {
    const threads = apply(
      noThreads,
      inThread(agentEvents.started(1), 'a'),
      inThread(agentEvents.started(2), 'b'),
      inThread(agentEvents.token(3, 'x'), 'a'),
    );

    expect(inOrder(threads).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(inOrder(apply(threads, inThread(agentEvents.completed(4), 'a'))).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('are called by title, question or agent', () => {
    const asked = converse(noThreads, 'a', (shown) => ask(shown, 'm1', 'a', ' Hello '));
    expect(titleOf(asked.get('a')!)).toBe('Hello');
    expect(titleOf(addListed(asked, [listed('a', 1, { title: 'Greetings' })]).get('a')!)).toBe('Greetings');
    expect(titleOf(addListed(noThreads, [listed('a', 1)]).get('a')!)).toBe('New conversation');
  });

  it('say what is going on in them', () => {
    const running = apply(noThreads, inThread(agentEvents.started(1), 'a'));
    expect(summaryOf(running.get('a')!).activity).toBe('running');
    expect(summaryOf(apply(running, inThread(agentEvents.waiting(2), 'a')).get('a')!).activity).toBe('waiting');
    expect(summaryOf(apply(running, inThread(agentEvents.failed(2), 'a')).get('a')!).activity).toBe('failed');
    const asks = listed('b', 2, { open_runs: ['r1'], waiting: [{ run_id: 'r1', request_id: 'q1' }] });
    const known = addListed(noThreads, [listed('a', 1, { open_runs: ['r1'] }), asks]);
    expect([...known.values()].map((thread) => summaryOf(thread).activity)).toEqual(['running', 'waiting']);
  });

  it('have no news in words, and in an end', () => {
    const threads = apply(noThreads, inThread(agentEvents.started(1), 'a'), inThread(agentEvents.token(2, 'x'), 'a'));
    expect(threads.get('a')!.newsSeq).toBe(0);
    expect(apply(threads, inThread(agentEvents.completed(3), 'a')).get('a')!.newsSeq).toBe(3);
  });

  describe('beyond the limit', () => {
    const many = Array.from({ length: threadLimits.loaded }, (_, i) => inThread(agentEvents.started(i + 10), `t${i}`));
    const full = apply(noThreads, inThread(agentEvents.started(1), 'shown'), inThread(agentEvents.started(2), 'old'), ...many);

    it('make room, but not the one that is shown', () => {
      expect(full.get('shown')!.conversation).toBeDefined();
      expect(full.get('old')).toMatchObject({ unloaded: true, listed: { open_runs: ['r1'] } });
      expect(full.get('old')).not.toHaveProperty('conversation');
      expect(summaryOf(full.get('old')!).activity).toBe('running');
    });

    it('are told of what happens in them', () => {
      const threads = apply(full, inThread(agentEvents.completed(900), 'old'));

      expect(summaryOf(threads.get('old')!).activity).toBe('idle');
      expect(threads.get('old')).toMatchObject({ newsSeq: 900, unloaded: true });
      expect(inOrder(threads)[0]!.id).toBe('old');
    });

    it('wait while somebody is asked there, until all of it is answered', () => {
      const first = inThread(agentEvents.waiting(900), 'old');
      const asks = apply(full, first, inThread(agentEvents.waiting(901, { request_id: 'q2' }), 'old'), { ...first, seq: 902 });
      expect(summaryOf(asks.get('old')!).activity).toBe('waiting');

      const half = apply(asks, inThread(agentEvents.resumed(903, true), 'old'));
      expect(summaryOf(half.get('old')!).activity).toBe('waiting');
      expect(summaryOf(apply(half, inThread(agentEvents.resumed(904, true, 'ada', 'q2'), 'old')).get('old')!).activity).toBe('running');
      expect(summaryOf(apply(half, inThread(agentEvents.completed(904), 'old')).get('old')!).activity).toBe('idle');
    });

    it('are not woken by what an operator sends again', () => {
      const ended = apply(full, inThread(agentEvents.completed(900), 'old'));
      const started = { ...inThread(agentEvents.started(901), 'old'), replay_of: 'e-2' };
      const waiting = { ...inThread(agentEvents.waiting(902), 'old'), replay_of: 'e-3' };

      expect(summaryOf(apply(ended, started, waiting).get('old')!).activity).toBe('idle');
    });

    it('are whole again when they were loaded, with what has come meanwhile', () => {
      let threads = beginLoading(full, 'old');
      threads = apply(threads, inThread(agentEvents.token(901, 'b'), 'old'), inThread(agentEvents.token(902, 'c'), 'old'));
      const history = [agentEvents.started(2), agentEvents.token(900, 'a'), agentEvents.token(901, 'b')];

      threads = finishLoading(threads, 'old', history.map((event) => inThread(event, 'old')));

      expect([...conversationOf(threads, 'old').runs.values()]).toMatchObject([{ answer: 'abc' }]);
      expect(threads.get('old')).not.toHaveProperty('unloaded');
    });

    it('are loaded once more when what has come begins within what was loaded', () => {
      let threads = beginLoading(full, 'old');
      threads = apply(threads, { ...inThread(agentEvents.token(902, 'bc'), 'old'), from_seq: 901 });

      threads = finishLoading(threads, 'old', [inThread(agentEvents.token(901, 'b'), 'old')]);

      expect(threads.get('old')).toMatchObject({ unloaded: true });
    });
  });
});
