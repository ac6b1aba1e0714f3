import type { EventOf } from '../protocol/events.js';
import { isOver, type RequestStep, type Run, type Step } from './run.js';

/** As far as a `Date` reaches: a moment beyond that cannot be shown. */
const maxSeconds = 8.64e12;

/** What a run asks for, as a step of it. */
export function askedBy(run: Run, event: EventOf<'run_waiting'>): RequestStep {
  const { request_id: requestId, kind, prompt, options, until, call_id: callId } = event.data;
  return {
    kind: 'request',
    seq: event.seq,
    eventIds: [event.id],
    requestId,
    asks: kind,
    prompt,
    // What an operator sends again is a copy, and asks nobody.
    state: event.replay_of !== undefined ? 'history' : isOver(run) ? 'closed' : 'open',
    ...(options !== undefined && { options }),
    ...(until !== undefined && Math.abs(until) <= maxSeconds && { until }),
    ...(callId !== undefined && { callId }),
  };
}

/** The answer, at what it answers. One to what is not shown, of an earlier attempt for example, changes nothing. */
export function answerRequest(run: Run, event: EventOf<'run_resumed'>): Run {
  const { request_id: requestId, value, by } = event.data;
  const index = run.steps.findLastIndex((step) => step.kind === 'request' && step.requestId === requestId);
  const step = run.steps[index];
  if (step?.kind !== 'request' || step.answer !== undefined) {
    return run;
  }
  const answered: RequestStep = {
    ...step,
    eventIds: [...(step.eventIds ?? []), event.id],
    state: 'answered',
    answer: { value: value ?? null, by },
  };
  return { ...run, steps: run.steps.with(index, answered) };
}

/** Nobody waits for an answer any more. */
export function closeRequests(steps: readonly Step[]): readonly Step[] {
  return steps.map((step) => (step.kind === 'request' && step.state === 'open' ? { ...step, state: 'closed' as const } : step));
}

/** What the run waits for now, the oldest first. */
export function openRequests(run: Run): readonly RequestStep[] {
  return run.status === 'running' ? run.steps.filter((step): step is RequestStep => step.kind === 'request' && step.state === 'open') : [];
}

export function requestKey(runKey: string, requestId: string): string {
  return JSON.stringify([runKey, requestId]);
}
