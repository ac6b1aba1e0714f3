import type { ConnectionState } from 'netra-pipeline-client';
import { useNow } from './use-now';

interface Props {
  readonly state: ConnectionState;
  readonly onRetry: () => void;
}

export function ConnectionStatus({ state, onRetry }: Props) {
  const waiting = 'retryAt' in state;
  const now = useNow(waiting, 250);

  return (
    <div class={`connection connection-${state.name}${onFallback(state) ? ' connection-fallback' : ''}`}>
      <p class="connection-state" role="status" data-testid="connection-state" data-state={state.name} title={tooltip(state)}>
        <span class="dot" aria-hidden="true" />
        <span class="connection-name">{nameOf(state)}</span>
        {/* Ticks every second: to be seen, not to be read aloud. */}
        {waiting && <span aria-hidden="true"> in {Math.max(0, Math.ceil((state.retryAt! - now) / 1000))} s</span>}
        {onFallback(state) && (
          <span class="connection-reason" data-testid="connection-fallback"> — over the fallback, as no WebSocket gets through</span>
        )}
        <span class="connection-reason">{reasonOf(state)}</span>
      </p>
      {(waiting || state.name === 'failed') && (
        <button type="button" class="link" onClick={onRetry}>
          {waiting ? 'Retry now' : 'Connect again'}
        </button>
      )}
    </div>
  );
}

function onFallback(state: ConnectionState): boolean {
  return state.name === 'connected' && state.transport === 'stream';
}

function nameOf(state: ConnectionState): string {
  switch (state.name) {
    case 'connected':
      return 'Connected';
    case 'connecting':
      return state.attempt === 0 ? 'Connecting' : 'Reconnecting';
    case 'recovering':
      return 'Reconnecting';
    case 'failed':
    case 'disconnected':
      return 'Closed';
  }
}

function reasonOf(state: ConnectionState): string {
  return 'reason' in state && (state.name !== 'connecting' || state.attempt > 0) ? ` — ${state.reason}` : '';
}

function tooltip(state: ConnectionState): string | undefined {
  if (state.name !== 'connected') {
    return undefined;
  }
  const by = state.transport === 'stream' ? 'server-sent events' : 'WebSocket';
  return `Connection ${state.welcome.connection_id}, by ${by}`;
}
