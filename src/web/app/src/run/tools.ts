import type { EventOf } from '../protocol/events';
import type { Step, ToolStep } from './run';

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

/** Ends the tool call the event belongs to; one that was never announced is added in its final state. */
export function completeTool(steps: readonly Step[], event: EventOf<'tool_completed'>): readonly Step[] {
  const index = steps.findIndex((step) => step.kind === 'tool' && belongs(step, event));
  const started = steps[index];
  if (started?.kind !== 'tool') {
    return [...steps, complete({ kind: 'tool', seq: event.seq, name: event.data.tool_name, status: 'running' }, event)];
  }
  return steps.with(index, complete(started, event));
}

/** Tools of a run that has ended will not complete any more. */
export function abandonTools(steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => (step.kind === 'tool' && step.status === 'running' ? { ...step, status: 'unfinished' } : step));
}

/** Paired by call id where the emitter gives one, else by name, the oldest first. */
function belongs(step: ToolStep, event: EventOf<'tool_completed'>): boolean {
  const { call_id, tool_name } = event.data;
  // Unfinished, too: what was missing at the end of a run comes after it.
  const open = step.status === 'running' || step.status === 'unfinished';
  return open && (call_id !== undefined ? step.callId === call_id : step.name === tool_name);
}

function complete(step: ToolStep, event: EventOf<'tool_completed'>): ToolStep {
  const { status, duration_ms, result, error } = event.data;
  const elapsed = step.startedAt === undefined ? undefined : (event.timestamp - step.startedAt) * 1000;
  const durationMs = duration_ms ?? elapsed;
  return {
    ...step,
    eventIds: [...(step.eventIds ?? []), event.id],
    status: status ?? (error === undefined ? 'ok' : 'failed'),
    ...(durationMs !== undefined && { durationMs }),
    ...(result !== undefined && { result }),
    ...(error !== undefined && { failure: error }),
  };
}
