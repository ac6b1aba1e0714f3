import type { EventOf } from '../protocol/events.js';
import type { Run, Step, ToolStep } from './run.js';

export function startTool(event: EventOf<'tool_executing'>): ToolStep {
  const { tool_name, call_id, arguments: given } = event.data;
  return {
    kind: 'tool',
    seq: event.seq,
    eventIds: [event.id],
    name: tool_name,
    status: 'running',
    startedAt: event.timestamp,
    ...(call_id !== undefined && { callId: call_id }),
    ...(given !== undefined && { arguments: given }),
  };
}

/**
 * Ends the tool call the event belongs to. One that was never announced is added in its final state, and so is a result of which
 * nobody can say to which of several open calls it belongs: it must not be shown under the wrong one.
 */
export function completeTool(run: Run, event: EventOf<'tool_completed'>, addStep: (run: Run, step: Step) => Run): Run {
  const [call, ...others] = run.steps.filter((step) => step.kind === 'tool' && mayBeOf(step, event)) as ToolStep[];
  const alone: ToolStep = { kind: 'tool', seq: event.seq, name: event.data.tool_name, status: 'running' };
  if (call === undefined) {
    return addStep(run, complete(alone, event));
  }
  if (others.length === 0 && !run.steps.some((step) => isOpenResult(step, event.data.tool_name))) {
    return { ...run, steps: run.steps.with(run.steps.indexOf(call), complete(call, event)) };
  }
  const added = addStep(run, { ...complete(alone, event), ofOneOf: 'open' });
  const results = added.steps.filter((step) => isOpenResult(step, event.data.tool_name));
  return results.length <= others.length ? added : { ...added, steps: added.steps.map((step) => settle(step, event)) };
}

/** Tools of a run that has ended will not complete any more. */
export function abandonTools(steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => {
    if (step.kind !== 'tool' || step.status !== 'running') {
      return step;
    }
    const mayBeDone = step.callId === undefined && steps.some((other) => isOpenResult(other, step.name));
    return { ...step, status: mayBeDone ? 'unassigned' : 'unfinished' };
  });
}

/** Paired by call id where the emitter gives one, else by name. */
function mayBeOf(step: ToolStep, event: EventOf<'tool_completed'>): boolean {
  const { call_id, tool_name } = event.data;
  // Unfinished, too: what was missing at the end of a run comes after it. And where the server ended a call whose result was too large,
  // its backend may say the result with less.
  const shortened = call_id !== undefined && step.failure?.code === 'event_too_large';
  const open = step.status === 'running' || step.status === 'unfinished' || shortened;
  return open && (call_id !== undefined ? step.callId === call_id : step.name === tool_name);
}

function isOpenResult(step: Step, name: string): boolean {
  return step.kind === 'tool' && step.ofOneOf === 'open' && step.name === name;
}

/** There are as many results as calls: all of them have completed. */
function settle(step: Step, event: EventOf<'tool_completed'>): Step {
  if (isOpenResult(step, event.data.tool_name)) {
    return { ...(step as ToolStep), ofOneOf: 'settled' };
  }
  return step.kind === 'tool' && mayBeOf(step, event) ? { ...step, status: 'unassigned' } : step;
}

function complete(step: ToolStep, event: EventOf<'tool_completed'>): ToolStep {
  const { status, duration_ms, result, result_ref, error } = event.data;
  const elapsed = step.startedAt === undefined ? undefined : (event.timestamp - step.startedAt) * 1000;
  const durationMs = duration_ms ?? elapsed;
  const { failure: _, ...before } = step;
  return {
    ...before,
    eventIds: [...(step.eventIds ?? []), event.id],
    status: status ?? (error === undefined ? 'ok' : 'failed'),
    ...(durationMs !== undefined && { durationMs }),
    ...(result !== undefined && { result }),
    ...(result_ref !== undefined && { resultRef: result_ref }),
    ...(error !== undefined && { failure: error }),
  };
}
