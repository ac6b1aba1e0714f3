import type { EventOf, PipelineEvent } from '../protocol/events';
import { limits } from './limits';
import { runKey, type Run, type RunStatus, type Step } from './run';
import { abandonTools, completeTool, startTool } from './tools';

/** A run of which `event` is the first thing seen. */
export function beginRun(event: PipelineEvent): Run {
  return {
    key: runKey(event.thread_id, event.run_id),
    threadId: event.thread_id,
    runId: event.run_id,
    status: event.replay_of === undefined ? 'running' : 'unknown',
    startedAt: event.timestamp,
    steps: [],
    omittedSteps: 0,
    answer: '',
    omittedCharacters: 0,
  };
}

/** What a run looks like after one more of its events. */
export function applyEvent(run: Run, event: PipelineEvent): Run {
  if (event.type === 'agent_stalled') {
    return { ...run, quietMs: event.data.quiet_ms };
  }
  const { quietMs: _, ...heard } = run;
  const awake: Run = heard.status === 'unknown' ? { ...heard, status: 'running' } : heard;
  switch (event.type) {
    case 'agent_started':
      return { ...awake, agentName: event.data.agent_name, startedAt: event.timestamp };
    case 'agent_thinking':
      return addStep(awake, { kind: 'thought', seq: event.seq, text: event.data.thought, eventIds: [event.id] });
    case 'tool_executing':
      return addStep(awake, isOver(awake) ? { ...startTool(event), status: 'unfinished' } : startTool(event));
    case 'tool_completed':
      return completeTool(awake, event, addStep);
    case 'custom':
      return addStep(awake, { kind: 'custom', seq: event.seq, name: event.data.name, value: event.data.value ?? null });
    case 'token':
      return addToken(awake, event.data.delta);
    case 'agent_completed':
      return end(awake, event, 'completed');
    case 'agent_failed':
      return { ...end(awake, event, 'failed'), failure: event.data.error };
    case 'agent_cancelled':
      return { ...end(awake, event, 'cancelled'), ...(event.data.reason !== undefined && { reason: event.data.reason }) };
  }
}

export function isOver({ status }: Run): boolean {
  return status !== 'running' && status !== 'unknown';
}

/** Adds a step and, above the limit, takes away the oldest that is not a run of its own. */
export function addStep(run: Run, step: Step): Run {
  const steps = [...run.steps, step];
  if (steps.length <= limits.stepsPerRun) {
    return { ...run, steps };
  }
  const oldest = steps.findIndex((candidate) => candidate.kind !== 'child');
  return { ...run, steps: steps.toSpliced(oldest, 1), omittedSteps: run.omittedSteps + 1 };
}

function addToken(run: Run, delta: string): Run {
  const answer = run.answer + delta;
  const excess = answer.length - limits.answerCharacters;
  return excess <= 0
    ? { ...run, answer }
    : { ...run, answer: answer.slice(excess), omittedCharacters: run.omittedCharacters + excess };
}

type Terminal = EventOf<'agent_completed' | 'agent_failed' | 'agent_cancelled'>;

function end(run: Run, event: Terminal, status: RunStatus): Run {
  return {
    ...run,
    status,
    agentName: event.data.agent_name,
    durationMs: event.data.duration_ms ?? (event.timestamp - run.startedAt) * 1000,
    steps: abandonTools(run.steps),
  };
}
