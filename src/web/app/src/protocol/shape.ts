import type { EventType } from './events';
import type { JsonObject } from './json';
import type { ServerMessage } from './server-messages';

type Kind = 'string' | 'number' | 'sequence' | 'boolean' | 'object';
type Shape = Readonly<Record<string, Kind>>;

const lifecycle: Shape = { metadata: 'object', timestamp: 'number' };

/** The members the page relies on; others pass through unchecked. */
export const messageShapes: Readonly<Record<ServerMessage['type'], Shape>> = {
  welcome: {
    connection_id: 'string',
    user_id: 'string',
    epoch: 'string',
    seq: 'sequence',
    from: 'sequence',
    resumed: 'boolean',
    ping_interval_ms: 'number',
    ping_timeout_ms: 'number',
    ack_interval_ms: 'number',
    ack_every: 'number',
  },
  gap: { from: 'sequence', to: 'sequence', cause: 'string', replay: 'boolean', certain: 'boolean' },
  error: { code: 'string', message: 'string', severity: 'string', timestamp: 'number' },
  ping: { ts: 'number' },
  accepted: { id: 'string' },
  reconnect: { after_ms: 'number', reason: 'string' },
};

export const envelopeShape: Shape = {
  seq: 'sequence',
  id: 'string',
  thread_id: 'string',
  run_id: 'string',
  timestamp: 'number',
  data: 'object',
};

export const extentShape: Shape = { events: 'sequence', first_seq: 'sequence', last_seq: 'sequence' };

export const dataShapes: Readonly<Record<EventType, Shape>> = {
  agent_started: { ...lifecycle, agent_name: 'string' },
  agent_thinking: { ...lifecycle, thought: 'string' },
  tool_executing: { ...lifecycle, tool_name: 'string' },
  tool_completed: { ...lifecycle, tool_name: 'string' },
  agent_completed: { ...lifecycle, agent_name: 'string' },
  agent_failed: { ...lifecycle, agent_name: 'string', error: 'object' },
  agent_cancelled: { ...lifecycle, agent_name: 'string' },
  agent_stalled: { ...lifecycle, quiet_ms: 'number' },
  token: { delta: 'string' },
  custom: { name: 'string' },
};

/** The first member that is missing or of another kind, in words; `undefined` when all are as they should be. */
export function mismatch(value: JsonObject, shape: Shape): string | undefined {
  for (const [name, kind] of Object.entries(shape)) {
    if (!isKind(value[name], kind)) {
      return `"${name}" is not a ${kind}`;
    }
  }
  return undefined;
}

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'sequence':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    default:
      return typeof value === kind;
  }
}
