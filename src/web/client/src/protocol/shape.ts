import type { EventType } from './events.js';
import { isObject, type JsonObject } from './json.js';
import type { ServerMessage } from './server-messages.js';

type Kind = 'string' | 'number' | 'sequence' | 'boolean' | 'object' | 'texts';
/** The members that are relied on; others pass through unchecked. Those with a question mark may be absent or null. */
export type Shape = Readonly<Record<string, Kind | `${Kind}?`>>;

const lifecycle: Shape = { metadata: 'object', timestamp: 'number' };

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
  attempt: 'sequence?',
  replay_of: 'string?',
  run: 'object?',
};

export const extentShape: Shape = { events: 'sequence', first_seq: 'sequence', last_seq: 'sequence' };

const ended: Shape = { ...lifecycle, agent_name: 'string', duration_ms: 'number?', usage: 'object?' };

export const dataShapes: Readonly<Record<EventType, Shape>> = {
  agent_started: { ...lifecycle, agent_name: 'string', parent_run_id: 'string?' },
  agent_thinking: { ...lifecycle, thought: 'string' },
  tool_executing: { ...lifecycle, tool_name: 'string', call_id: 'string?' },
  tool_completed: {
    ...lifecycle,
    tool_name: 'string',
    call_id: 'string?',
    status: 'string?',
    duration_ms: 'number?',
    result_ref: 'object?',
    error: 'object?',
  },
  agent_completed: ended,
  agent_failed: { ...ended, error: 'object' },
  agent_cancelled: { ...ended, reason: 'string?' },
  agent_stalled: { ...lifecycle, quiet_ms: 'number' },
  run_waiting: { request_id: 'string', kind: 'string', prompt: 'string', options: 'texts?', until: 'number?', call_id: 'string?' },
  run_resumed: { request_id: 'string', by: 'string' },
  command_expired: {
    command: 'string',
    command_id: 'string',
    message: 'string',
    run_id: 'string?',
    id: 'string?',
    request_id: 'string?',
  },
  token: { delta: 'string' },
  thinking_delta: { delta: 'string', thought_id: 'string' },
  custom: { name: 'string' },
  user_message: { content: 'string', message_id: 'string', data: 'object?' },
};

/** The first member that is missing or of another kind, in words; `undefined` when all are as they should be. */
export function mismatch(value: JsonObject, shape: Shape): string | undefined {
  return wrongs(value, shape, false).map(([, problem]) => problem)[0];
}

/**
 * What it is without the optional members that cannot be used: those of another kind, which are a problem, and null, which says what their
 * absence says.
 */
export function sift(value: JsonObject, shape: Shape): { readonly value: JsonObject; readonly problem: string | undefined } {
  const wrong = wrongs(value, shape, true);
  const rest = { ...value };
  wrong.forEach(([name]) => delete rest[name]);
  return { value: wrong.length === 0 ? value : rest, problem: wrong.find(([name]) => value[name] !== null)?.[1] };
}

/** The members, of those that are optional or of the others, that are not of their kind. */
function wrongs(value: JsonObject, shape: Shape, optional: boolean): readonly (readonly [name: string, problem: string])[] {
  return Object.entries(shape).flatMap(([name, whole]) => {
    const kind = whole.replace('?', '');
    const due = optional ? kind !== whole && value[name] !== undefined : kind === whole;
    return due && !isKind(value[name], kind as Kind) ? [[name, `"${name}" is not a ${kind}`]] : [];
  });
}

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'object':
      return isObject(value);
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'sequence':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    default:
      return typeof value === kind;
  }
}
