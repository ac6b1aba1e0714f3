import type { EventOf, PipelineEvent } from '../protocol/events.js';
import { appendBounded } from './cut-text.js';
import { limits } from './limits.js';
import { answerRequest, askedBy, closeRequests } from './requests.js';
import { childrenOf, isOver, runKey, type Run, type RunStatus, type Step, type ThoughtStep } from './run.js';
import { abandonTools, completeTool, startTool } from './tools.js';
import { readUsage } from './usage.js';

/** A run of which `event` is the first thing seen. */
export function beginRun(event: PipelineEvent): Run {
  return {
    key: runKey(event.thread_id, event.run_id),
    threadId: event.thread_id,
    runId: event.run_id,
    status: event.replay_of === undefined ? 'running' : 'unknown',
    attempt: attemptOf(event),
    startedAt: event.timestamp,
    steps: [],
    omittedSteps: 0,
    formerChildren: [],
    answer: '',
    omittedCharacters: 0,
  };
}

export function attemptOf(event: PipelineEvent): number {
  return Math.max(1, event.attempt ?? 1);
}

/** What a run looks like after one more of its events. */
export function applyEvent(run: Run, event: PipelineEvent): Run {
  const attempt = attemptOf(event);
  if (attempt < run.attempt || (attempt > run.attempt && isOver(run))) {
    return run;
  }
  return applyToAttempt(attempt > run.attempt ? beginAttempt(run, event) : run, event);
}

/** The backend has begun again: nothing of what it did before counts any more. */
function beginAttempt(run: Run, event: PipelineEvent): Run {
  return {
    ...beginRun(event),
    ...(run.agentName !== undefined && { agentName: run.agentName }),
    ...(run.resent !== undefined && { resent: run.resent }),
    formerChildren: childrenOf(run),
  };
}

function applyToAttempt(run: Run, event: PipelineEvent): Run {
  if (event.type === 'agent_stalled') {
    return { ...run, quietMs: event.data.quiet_ms };
  }
  if (event.type === 'command_expired') {
    // The end of a run says all about what was asked of it before.
    return isOver(run) ? run : { ...run, expired: { command: event.data.command, message: event.data.message } };
  }
  const { quietMs: _, thinking: __, ...heard } = run;
  const awake: Run = heard.status === 'unknown' ? { ...heard, status: 'running' } : heard;
  switch (event.type) {
    case 'agent_started':
      return { ...awake, agentName: event.data.agent_name, startedAt: event.timestamp };
    case 'agent_thinking':
      return addStep(awake, {
        kind: 'thought',
        seq: event.seq,
        text: event.data.thought,
        omittedCharacters: 0,
        eventIds: [event.id],
      });
    case 'thinking_delta':
      return addThinking(awake, event);
    case 'tool_executing':
      return addStep(awake, isOver(awake) ? { ...startTool(event), status: 'unfinished' } : startTool(event));
    case 'tool_completed':
      return completeTool(awake, event, addStep);
    case 'run_waiting':
      return addStep(awake, askedBy(awake, event));
    case 'run_resumed':
      return answerRequest(awake, event);
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
    case 'user_message':
      // It belongs to no run, whatever its envelope says.
      return run;
  }
}

/** Adds a step and, above the limit, takes away the oldest that is neither going on nor a run of its own. */
export function addStep(run: Run, step: Step): Run {
  const steps = [...run.steps, step];
  if (steps.length <= limits.stepsPerRun) {
    return { ...run, steps };
  }
  const oldest = steps.findIndex(mayGo);
  if (oldest === -1 && steps.length <= limits.openStepsPerRun) {
    return { ...run, steps };
  }
  return { ...run, steps: oldest === -1 ? run.steps : steps.toSpliced(oldest, 1), omittedSteps: run.omittedSteps + 1 };
}

function mayGo(step: Step): boolean {
  switch (step.kind) {
    case 'child':
      return false;
    case 'tool':
      return step.status !== 'running';
    case 'request':
      return step.state !== 'open';
    default:
      return true;
  }
}

/** Pieces of one thought are one step, however many they are. */
function addThinking(run: Run, event: EventOf<'thinking_delta'>): Run {
  const { thought_id: thoughtId, delta } = event.data;
  const thinking = isOver(run) ? {} : { thinking: thoughtId };
  const index = run.steps.findLastIndex((step) => step.kind === 'thought' && step.streamed?.thoughtId === thoughtId);
  const begun = run.steps[index] as ThoughtStep | undefined;
  const thought: ThoughtStep = {
    kind: 'thought',
    seq: begun?.seq ?? event.seq,
    ...appendBounded(begun ?? { text: '', omittedCharacters: 0 }, delta, limits.thoughtCharacters),
    streamed: { thoughtId, startedAt: begun?.streamed?.startedAt ?? event.timestamp, lastAt: event.timestamp },
  };
  return { ...(begun === undefined ? addStep(run, thought) : { ...run, steps: run.steps.with(index, thought) }), ...thinking };
}

function addToken(run: Run, delta: string): Run {
  const { text: answer, omittedCharacters } = appendBounded(
    { text: run.answer, omittedCharacters: run.omittedCharacters },
    delta,
    limits.answerCharacters,
  );
  return { ...run, answer, omittedCharacters };
}

type Terminal = EventOf<'agent_completed' | 'agent_failed' | 'agent_cancelled'>;

function end(run: Run, event: Terminal, status: RunStatus): Run {
  const { expired: _, ...ended } = run;
  const usage = event.data.usage === undefined ? undefined : readUsage(event.data.usage);
  return {
    ...ended,
    status,
    agentName: event.data.agent_name,
    durationMs: event.data.duration_ms ?? (event.timestamp - run.startedAt) * 1000,
    steps: closeRequests(abandonTools(run.steps)),
    ...(usage !== undefined && { usage }),
  };
}
