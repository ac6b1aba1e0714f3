import { describe, expect, it } from 'vitest';
import { agentEvents } from '../testing/events.js';
import { limits } from './limits.js';
import type { PipelineEvent } from '../protocol/events.js';
import { openRequests } from './requests.js';
import type { Run } from './run.js';
import { applyEvent, beginRun } from './run-reducer.js';

const { started, thinking, thinkingDelta, waiting, resumed, expired, token, custom } = agentEvents;
const { toolExecuting, toolCompleted, completed, failed, cancelled, stalled } = agentEvents;

function runOf(...events: PipelineEvent[]): Run {
  return events.reduce(applyEvent, beginRun(events[0]!));
}

describe('run reducer', () => {
  it('shows a run from its start to its end', () => {
    const run = runOf(started(1), thinking(2, 'Adding up'), token(3, 'Fo'), token(4, 'ur'), completed(5, { duration_ms: 1200 }));

    expect(run).toMatchObject({ agentName: 'demo', status: 'completed', durationMs: 1200, answer: 'Four' });
    expect(run.steps).toMatchObject([{ kind: 'thought', text: 'Adding up' }]);
  });

  it('measures what the emitter has not measured', () => {
    const run = runOf(started(1), toolExecuting(2), toolCompleted(4), completed(11));

    expect(run.steps).toMatchObject([{ durationMs: 2000 }]);
    expect(run.durationMs).toBe(10_000);
  });

  it('pairs tool calls by call id', () => {
    const run = runOf(
      toolExecuting(1, { call_id: 'a' }),
      toolExecuting(2, { call_id: 'b' }),
      toolCompleted(3, { call_id: 'b', status: 'ok', result: 4 }),
    );

    expect(run.steps).toMatchObject([
      { callId: 'a', status: 'running' },
      { callId: 'b', status: 'ok', result: 4 },
    ]);
  });

  it('pairs tool calls without a call id by name', () => {
    const run = runOf(toolExecuting(1, { tool_name: 'search' }), toolExecuting(2), toolCompleted(3));

    expect(run.steps).toMatchObject([{ name: 'search', status: 'running' }, { status: 'ok' }]);
  });

  it('gives no result to the wrong one of several calls', () => {
    const [first, second] = [toolExecuting(1, { arguments: { of: 'a' } }), toolExecuting(2, { arguments: { of: 'b' } })];
    const one = runOf(first, second, toolCompleted(3, { result: 'of b' }));

    expect(one.steps).toMatchObject([
      { seq: 1, status: 'running' },
      { seq: 2, status: 'running' },
      { seq: 3, status: 'ok', result: 'of b', ofOneOf: 'open' },
    ]);
    expect(one.steps.slice(0, 2).every((step) => !('result' in step))).toBe(true);

    const both = applyEvent(one, toolCompleted(4, { result: 'of a' }));
    expect(both.steps.map((step) => 'status' in step && step.status)).toEqual(['unassigned', 'unassigned', 'ok', 'ok']);
    expect(both.steps.every((step) => !('ofOneOf' in step) || step.ofOneOf === 'settled')).toBe(true);

    const later = [toolExecuting(5), toolCompleted(6, { result: 'of c' })].reduce(applyEvent, both);
    expect(later.steps.at(-1)).toMatchObject({ seq: 5, status: 'ok', result: 'of c' });
  });

  it('says of calls whose results could not be told apart that they may be done when the run ends', () => {
    const run = runOf(toolExecuting(1), toolExecuting(2), toolCompleted(3), completed(4));

    expect(run.steps).toMatchObject([{ status: 'unassigned' }, { status: 'unassigned' }, { status: 'ok' }]);
  });

  it('shows a tool that fails, with its message', () => {
    const error = { code: 'tool_failed', message: 'Division by zero' };
    const run = runOf(toolExecuting(1, { arguments: { expression: '1/0' } }), toolCompleted(2, { error }));

    expect(run.steps).toMatchObject([{ status: 'failed', failure: error, arguments: { expression: '1/0' } }]);
  });

  it('shows the outcome of a tool whose start it has not seen', () => {
    expect(runOf(toolCompleted(1, { duration_ms: 5 })).steps).toMatchObject([{ name: 'calculate', status: 'ok', durationMs: 5 }]);
  });

  it('does not let a tool run on after its run has ended', () => {
    expect(runOf(toolExecuting(1), cancelled(2, { reason: 'by the user' }))).toMatchObject({
      status: 'cancelled',
      reason: 'by the user',
      steps: [{ status: 'unfinished' }],
    });
  });

  it('puts in its place what was missing at the end of a run', () => {
    const ended = runOf(toolExecuting(1, { call_id: 'a' }), completed(5));
    const repaired = [toolCompleted(2, { call_id: 'a' }), toolExecuting(3, { call_id: 'b' })].reduce(applyEvent, ended);
    expect(repaired).toMatchObject({ status: 'completed', steps: [{ status: 'ok' }, { status: 'unfinished' }] });

    expect(applyEvent(repaired, toolCompleted(4, { call_id: 'b' })).steps).toMatchObject([{ status: 'ok' }, { status: 'ok' }]);
  });

  it('shows a failed run', () => {
    expect(runOf(started(1), failed(2))).toMatchObject({ status: 'failed', failure: { message: 'Out of words' } });
  });

  it('shows silence until the run is heard of again', () => {
    const quiet = runOf(started(1), stalled(2, 30_000));
    expect(quiet).toMatchObject({ status: 'running', quietMs: 30_000 });

    expect(applyEvent(quiet, token(3, 'x'))).not.toHaveProperty('quietMs');
  });

  it('keeps what the backend adds of its own', () => {
    expect(runOf(custom(1, 'progress', { done: 3 })).steps).toEqual([
      { kind: 'custom', seq: 1, name: 'progress', value: { done: 3 } },
    ]);
  });

  it('bounds steps and answer, and counts what it leaves out', () => {
    let run = runOf(started(1), token(2, 'a'), token(3, 'x'.repeat(limits.answerCharacters)));
    for (let seq = 4; seq < 4 + limits.stepsPerRun + 7; seq++) {
      run = applyEvent(run, thinking(seq, `${seq}`));
    }

    expect(run.answer.length).toBeLessThanOrEqual(limits.answerCharacters);
    expect(run.answer.length + run.omittedCharacters).toBe(limits.answerCharacters + 1);
    expect(run.steps).toHaveLength(limits.stepsPerRun);
    expect(run.omittedSteps).toBe(7);
    expect(run.steps[0]).toMatchObject({ text: '11' });
  });

  it('shows the pieces of one thought as one, whatever comes between them', () => {
    const before = [thinkingDelta(2, 'Let '), thinkingDelta(3, 'me ')];
    const after = [thinkingDelta(5, 'see.'), thinkingDelta(6, 'Aha', 'h2')];
    const run = runOf(started(1), ...before, toolExecuting(4), ...after);

    expect(run.steps).toMatchObject([
      { kind: 'thought', seq: 2, text: 'Let me see.', streamed: { startedAt: 2, lastAt: 5 } },
      { kind: 'tool' },
      { kind: 'thought', seq: 6, text: 'Aha' },
    ]);
    expect(run.thinking).toBe('h2');
    expect(applyEvent(run, token(7, 'So'))).not.toHaveProperty('thinking');
  });

  it('bounds a thought, and says so', () => {
    let run = runOf(started(1));
    for (let seq = 2; seq < 2 + limits.thoughtCharacters / 50; seq++) {
      run = applyEvent(run, thinkingDelta(seq, `${'x'.repeat(99)}\n`));
    }
    const [thought] = run.steps;

    expect(thought?.kind === 'thought' && thought.text.length).toBeLessThanOrEqual(limits.thoughtCharacters);
    expect(thought?.kind === 'thought' && thought.omittedCharacters + thought.text.length).toBe(2 * limits.thoughtCharacters);
  });

  it('never takes away a tool that runs, nor a request that is open', () => {
    let run = runOf(started(1), toolExecuting(2, { call_id: 'a' }), waiting(3));
    for (let seq = 4; seq < 4 + 2 * limits.stepsPerRun; seq++) {
      run = applyEvent(run, thinking(seq, `${seq}`));
    }
    expect(run.steps).toHaveLength(limits.stepsPerRun);
    expect(run.steps.slice(0, 2)).toMatchObject([{ callId: 'a', status: 'running' }, { kind: 'request', state: 'open' }]);

    for (let seq = 5000; seq < 5000 + 2 * limits.openStepsPerRun; seq++) {
      run = applyEvent(run, toolExecuting(seq, { call_id: `${seq}` }));
    }
    expect(run.steps).toHaveLength(limits.openStepsPerRun);
    expect(run.steps[0]).toMatchObject({ callId: 'a' });
  });

  it('replaces what an earlier attempt has shown by the next one, and shows nothing more of it', () => {
    const second = { attempt: 2 };
    const first = runOf(started(1), token(2, 'Fo'), thinking(3, 'Hm'), toolExecuting(4), waiting(5), expired(6, 'cancel_run'));
    const run = [started(7, {}, second), token(8, ' late'), token(9, 'Five', second)].reduce(applyEvent, first);

    expect(run).toMatchObject({ attempt: 2, status: 'running', answer: 'Five', steps: [], startedAt: 7 });
    expect(run).not.toHaveProperty('expired');
    const ended = applyEvent(run, completed(10, {}, second));
    expect(ended).toMatchObject({ status: 'completed', attempt: 2 });
    expect(applyEvent(ended, started(11, {}, { attempt: 3 }))).toBe(ended);
  });

  it('begins the next attempt with whatever comes of it first', () => {
    const run = runOf(started(1), token(2, 'Fo'), token(4, 'Five', { attempt: 2 }));

    expect(run).toMatchObject({ attempt: 2, answer: 'Five', agentName: 'demo' });
  });

  it('waits for an answer, and says what it was and who gave it', () => {
    const asked = runOf(started(1), waiting(2, { until: 60, call_id: 'c1' }));
    expect(openRequests(asked)).toMatchObject([{ requestId: 'q1', asks: 'approval', until: 60, callId: 'c1' }]);

    const answered = [resumed(3, true), resumed(4, false, 'bob')].reduce(applyEvent, asked);
    expect(openRequests(answered)).toEqual([]);
    expect(answered.steps).toMatchObject([{ state: 'answered', answer: { value: true, by: 'ada' } }]);
    expect(applyEvent(answered, resumed(5, true, 'ada', 'q9'))).toEqual(answered);
  });

  it('asks without a time that no calendar has', () => {
    expect(runOf(started(1), waiting(2, { until: 1e15 })).steps[0]).not.toHaveProperty('until');
  });

  it('waits for nothing after its end, and asks nothing', () => {
    const run = runOf(started(1), waiting(2), cancelled(3), waiting(2, { request_id: 'q2' }));

    expect(run.steps).toMatchObject([{ state: 'closed' }, { state: 'closed' }]);
  });

  it('says what nobody has taken, until it ends', () => {
    const run = runOf(started(1), stalled(2, 30_000), expired(3, 'cancel_run'));
    expect(run).toMatchObject({ quietMs: 30_000, expired: { command: 'cancel_run', message: 'Nobody has taken it.' } });

    const ended = applyEvent(run, completed(4));
    expect(ended).not.toHaveProperty('expired');
    expect(applyEvent(ended, expired(5, 'cancel_run'))).toEqual(ended);
  });

  it('shows what it has cost', () => {
    const usage = { input_tokens: 1200, output_tokens: 34, request_model: 'a', response_model: 'b', provider_name: 'x' };

    expect(runOf(started(1), completed(2, { usage })).usage).toEqual({ inputTokens: 1200, outputTokens: 34, model: 'b' });
    expect(runOf(started(1), completed(2, { usage: { input_tokens: -1 } }))).not.toHaveProperty('usage');
  });
});
