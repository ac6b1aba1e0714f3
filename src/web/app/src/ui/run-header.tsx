import type { Run } from '../run/run';
import { formatDuration } from './format';
import { CheckIcon, CrossIcon, DashIcon, Spinner } from './icons';

interface Props {
  readonly run: Run;
  readonly cancelling: boolean;
  readonly onCancel: () => void;
}

export function RunHeader({ run, cancelling, onCancel }: Props) {
  return (
    <header class="run-header">
      <h3 class="run-agent">{run.agentName ?? 'Agent'}</h3>
      <time class="run-time" dateTime={new Date(run.startedAt * 1000).toISOString()} title={`Run ${run.runId} in ${run.threadId}`}>
        {new Date(run.startedAt * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
      </time>
      <p class="run-status" role="status" data-testid="run-status" data-status={run.status}>
        <RunIcon run={run} />
        {cancelling && run.status === 'running' ? 'Cancelling' : statusOf(run)}
      </p>
      {run.status === 'running' && !cancelling && (
        <button type="button" class="link run-cancel" data-testid="run-cancel" onClick={onCancel}>Cancel</button>
      )}
    </header>
  );
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
