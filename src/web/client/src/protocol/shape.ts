import type { EventType } from './events.js';
import type { JsonObject } from './json.js';
import type { ServerMessage } from './server-messages.js';

type Kind = 'string' | 'number' | 'sequence' | 'boolean' | 'object' | 'texts';
export type Shape = Readonly<Record<string, Kind>>;

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
  command_taken: { id: 'string', command: 'string', command_id: 'string', thread_id: 'string' },
  reconnect: { after_ms: 'number', reason: 'string' },
  stay: { reason: 'string' },
  expiring: { expires_in_ms: 'number' },
  authenticated: {},
};

export const envelopeShape: Shape = {
  seq: 'sequence',
  id: 'string',
  thread_id: 'string',
  run_id: 'string',
  timestamp: 'number',
  data: 'object',
};

/** Members of the envelope that may be absent or null. */
export const envelopeOptions: Shape = { attempt: 'sequence', replay_of: 'string' };

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
  run_waiting: { request_id: 'string', kind: 'string', prompt: 'string' },
  run_resumed: { request_id: 'string', by: 'string' },
  command_expired: { command: 'string', command_id: 'string', message: 'string' },
  token: { delta: 'string' },
  thinking_delta: { delta: 'string', thought_id: 'string' },
  custom: { name: 'string' },
  user_message: { content: 'string', message_id: 'string' },
};

const ended: Shape = { duration_ms: 'number', usage: 'object' };

/** Members that may be absent or null. One of another kind is left out, and the event is shown without it. */
export const optionalShapes: Readonly<Partial<Record<EventType, Shape>>> = {
  agent_started: { parent_run_id: 'string' },
  tool_executing: { call_id: 'string' },
  tool_completed: { call_id: 'string', status: 'string', duration_ms: 'number', result_ref: 'object', error: 'object' },
  agent_completed: ended,
  agent_failed: ended,
  agent_cancelled: { ...ended, reason: 'string' },
  run_waiting: { options: 'texts', until: 'number', call_id: 'string' },
  command_expired: { run_id: 'string', id: 'string', request_id: 'string' },
  user_message: { data: 'object' },
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

/** The optional members that cannot be used: those of another kind, and null, which says what their absence says. */
export function unusable(value: JsonObject, shape: Shape): { readonly names: readonly string[]; readonly problem?: string } {
  const names = Object.keys(shape).filter((name) => value[name] !== undefined && !isKind(value[name], shape[name]!));
  const wrong = names.find((name) => value[name] !== null);
  return wrong === undefined ? { names } : { names, problem: `"${wrong}" is not a ${shape[wrong]}` };
}

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'sequence':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    default:
      return typeof value === kind;
  }
}
