import { describe, expect, it } from 'vitest';
import type { PipelineEvent } from '../protocol/events.js';
import { agentEvents } from '../testing/events.js';
import { applyToConversation } from './conversation.js';
import { emptyConversation } from './exchanges.js';
import { runKey, type Run } from './run.js';

const { started, thinking, toolExecuting, toolCompleted, completed, failed, stalled } = agentEvents;

/** The event as an operator has sent it again: with a number and an id of its own. */
const again = (event: PipelineEvent, seq: number): PipelineEvent => ({ ...event, seq, id: `x-${seq}`, replay_of: event.id });

function runOf(...events: PipelineEvent[]): Run {
  return events.reduce(applyToConversation, emptyConversation).runs.get(runKey('t1', 'r1'))!;
}

describe('replayed events', () => {
  const whole = [started(1), thinking(2, 'Adding up'), toolExecuting(3), toolCompleted(4), completed(5)];

  it.each(whole.map((event) => [event.type, event] as const))('changes nothing when it was shown the first time: %s', (_, event) => {
    expect(runOf(...whole, again(event, 50))).toEqual({ ...runOf(...whole), resent: 1 });
  });

  it('shows what was not shown before, and does not wake the run', () => {
    const run = runOf(started(1), toolExecuting(3), completed(5), again(thinking(2, 'Adding up'), 50), again(toolCompleted(4), 51));

    expect(run).toMatchObject({ status: 'completed', resent: 2, durationMs: 4000 });
    expect(run.steps).toMatchObject([{ kind: 'tool', status: 'ok' }, { kind: 'thought', text: 'Adding up' }]);
  });

  it('does not end a run in another way than it has ended', () => {
    expect(runOf(started(1), completed(5), again(failed(4), 50))).toMatchObject({ status: 'completed' });
  });

  it('ends a run whose end was not shown', () => {
    expect(runOf(started(1), again(completed(5), 50))).toMatchObject({ status: 'completed', resent: 1 });
  });

  it('says nothing new about silence', () => {
    const quiet = runOf(started(1), stalled(2, 30_000), again(thinking(1, 'Hm'), 50));
    expect(quiet).toMatchObject({ quietMs: 30_000, status: 'running' });

    expect(runOf(started(1), again(stalled(2, 30_000), 50))).not.toHaveProperty('quietMs');
  });

  it('does not take a run for running of which nothing else is known', () => {
    const parts = [again(started(1), 50), again(toolExecuting(3), 51)];
    expect(runOf(...parts)).toMatchObject({ status: 'unknown', steps: [{ status: 'unfinished' }] });

    expect(runOf(...parts, thinking(52, 'Still here'))).toMatchObject({ status: 'running' });
    expect(runOf(...parts, again(completed(5), 52))).toMatchObject({ status: 'completed' });
  });

  it('asks nothing when a question is sent again', () => {
    const asked = agentEvents.waiting(3);
    expect(runOf(started(1), again(asked, 50)).steps).toMatchObject([{ kind: 'request', state: 'history' }]);
    expect(runOf(started(1), asked, again(asked, 50)).steps).toMatchObject([{ state: 'open' }]);
  });

  it('begins no attempt', () => {
    const copy = again(started(3, {}, { attempt: 2 }), 50);

    expect(runOf(started(1), thinking(2, 'Hm'), copy)).toMatchObject({ attempt: 1, resent: 1, steps: [{ text: 'Hm' }] });
  });
});
