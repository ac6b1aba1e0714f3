import { openRequests, type Run } from 'netra-pipeline-client/runs';
import type { CancelState } from '../chat/commands';
import { formatDuration } from './format';
import { CheckIcon, CrossIcon, DashIcon, PauseIcon, Spinner } from './icons';
import { cancelWords } from './cancel-words';

interface Props {
  readonly run: Run;
  readonly cancel: CancelState | undefined;
  readonly onCancel: () => void;
}

export function RunHeader({ run, cancel, onCancel }: Props) {
  const running = run.status === 'running';
  const asked = openRequests(run);
  const waiting = asked.length > 0;
  return (
    <header class="run-header">
      <h3 class="run-agent">{run.agentName ?? 'Agent'}</h3>
      <time class="run-time" dateTime={new Date(run.startedAt * 1000).toISOString()} title={`Run ${run.runId} in ${run.threadId}`}>
        {new Date(run.startedAt * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
      </time>
      {run.attempt > 1 && <span class="run-attempt" data-testid="run-attempt">attempt {run.attempt}</span>}
      <p class="run-status" data-testid="run-status" data-status={waiting ? 'waiting' : run.status}>
        {waiting && cancel === undefined ? <PauseIcon /> : <RunIcon run={run} />}
        {running && cancel !== undefined
          ? cancelWords(cancel)
          : waiting
            ? waitingWords(asked.some(({ asks }) => asks !== 'external'))
            : statusOf(run)}
      </p>
      {running && cancel === undefined && (
        <button type="button" class="link run-cancel" data-testid="run-cancel" onClick={onCancel}>Cancel</button>
      )}
    </header>
  );
}

function waitingWords(forPerson: boolean): string {
  return forPerson ? 'Waiting for your answer' : 'Waiting';
}

function RunIcon({ run }: { readonly run: Run }) {
  switch (run.status) {
    case 'running':
      return <Spinner />;
    case 'completed':
      return <CheckIcon />;
    case 'failed':
      return <CrossIcon />;
    case 'cancelled':
    case 'unknown':
      return <DashIcon />;
  }
}

function statusOf(run: Run): string {
  const duration = run.durationMs === undefined ? '' : formatDuration(run.durationMs);
  switch (run.status) {
    case 'unknown':
      return 'Only parts are known';
    case 'running':
      return run.quietMs === undefined ? 'Running' : 'Running, but silent';
    case 'completed':
      return `Done in ${duration}`;
    case 'failed':
      return `Failed after ${duration}`;
    case 'cancelled':
      return `Cancelled after ${duration}`;
  }
}
