import { isTerminal } from '../protocol/event-types.js';
import type { PipelineEvent } from '../protocol/events.js';
import { isOver, type Run } from './run.js';
import { applyEvent, attemptOf } from './run-reducer.js';
import { abandonTools } from './tools.js';

/**
 * What a run looks like after an operator has sent one of its events again. The event may have been shown the first time, and
 * the run may have ended long ago: it must neither show twice, nor wake the run, nor end it twice.
 */
export function applyReplayed(run: Run, event: PipelineEvent): Run {
  const resent = { ...run, resent: (run.resent ?? 0) + 1 };
  // A copy of what a later attempt than the one shown has done does not begin that attempt.
  if (attemptOf(event) !== run.attempt || isShown(run, event)) {
    return resent;
  }
  const { status, startedAt, quietMs } = run;
  const shown = applyEvent(resent, event);
  if (isTerminal(event.type)) {
    return shown;
  }
  return {
    ...shown,
    status,
    startedAt,
    ...(quietMs !== undefined && { quietMs }),
    steps: status === 'running' ? shown.steps : abandonTools(shown.steps),
  };
}

function isShown(run: Run, event: PipelineEvent): boolean {
  switch (event.type) {
    case 'agent_started':
      return run.agentName !== undefined;
    case 'agent_completed':
    case 'agent_failed':
    case 'agent_cancelled':
      return isOver(run);
    case 'agent_stalled':
    case 'command_expired':
      // Its news is old by now.
      return true;
    case 'run_waiting':
      return run.steps.some((step) => step.kind === 'request' && step.requestId === event.data.request_id);
    default:
      return run.steps.some((step) => step.eventIds?.includes(event.replay_of ?? '') === true);
  }
}
