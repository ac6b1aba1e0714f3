import { describe, expect, it } from 'vitest';
import { agentEvents } from '../testing/events';
import { limits } from './limits';
import type { PipelineEvent } from '../protocol/events';
import type { Run } from './run';
import { applyEvent, beginRun } from './run-reducer';

const { started, thinking, toolExecuting, toolCompleted, token, completed, failed, cancelled, stalled, custom } = agentEvents;

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

    expect(run.answer).toHaveLength(limits.answerCharacters);
    expect(run.omittedCharacters).toBe(1);
    expect(run.steps).toHaveLength(limits.stepsPerRun);
    expect(run.omittedSteps).toBe(7);
    expect(run.steps[0]).toMatchObject({ text: '11' });
  });
});
