import type { EventOf, EventType } from '../protocol/events.js';

type Data<T extends EventType> = EventOf<T>['data'];

const lifecycle = { metadata: {}, timestamp: 0 };

/** An event of run `r1` in thread `t1`; event number n happens n seconds after the epoch. */
export function makeEvent<T extends EventType>(type: T, seq: number, data: Data<T>, where: object = {}): EventOf<T> {
  return { type, seq, id: `x-${seq}`, thread_id: 't1', run_id: 'r1', timestamp: seq, data, ...where } as unknown as EventOf<T>;
}

export const agentEvents = {
  started: (seq: number, data: Partial<Data<'agent_started'>> = {}, where: object = {}) =>
    makeEvent('agent_started', seq, { ...lifecycle, agent_name: 'demo', ...data }, where),
  thinkingDelta: (seq: number, delta: string, thoughtId = 'h1') => makeEvent('thinking_delta', seq, { delta, thought_id: thoughtId }),
  waiting: (seq: number, data: Partial<Data<'run_waiting'>> = {}, where: object = {}) =>
    makeEvent('run_waiting', seq, { request_id: 'q1', kind: 'approval', prompt: 'Delete the draft?', ...data }, where),
  resumed: (seq: number, value: Data<'run_resumed'>['value'], by = 'ada', requestId = 'q1') =>
    makeEvent('run_resumed', seq, { request_id: requestId, value, by }),
  expired: (seq: number, command: string, data: Partial<Data<'command_expired'>> = {}, where: object = {}) =>
    makeEvent('command_expired', seq, { command, command_id: 'k1', message: 'Nobody has taken it.', ...data }, where),
  userMessage: (seq: number, content: string, messageId = 'm1') =>
    makeEvent('user_message', seq, { content, message_id: messageId }, { run_id: '' }),
  thinking: (seq: number, thought: string) => makeEvent('agent_thinking', seq, { ...lifecycle, thought }),
  toolExecuting: (seq: number, data: Partial<Data<'tool_executing'>> = {}, where: object = {}) =>
    makeEvent('tool_executing', seq, { ...lifecycle, tool_name: 'calculate', ...data }, where),
  toolCompleted: (seq: number, data: Partial<Data<'tool_completed'>> = {}) =>
    makeEvent('tool_completed', seq, { ...lifecycle, tool_name: 'calculate', ...data }),
  token: (seq: number, delta: string, where: object = {}) => makeEvent('token', seq, { delta }, where),
  custom: (seq: number, name: string, value: Data<'custom'>['value'], where: object = {}) =>
    makeEvent('custom', seq, { name, value }, where),
  completed: (seq: number, data: Partial<Data<'agent_completed'>> = {}, where: object = {}) =>
    makeEvent('agent_completed', seq, { ...lifecycle, agent_name: 'demo', ...data }, where),
  failed: (seq: number) =>
    makeEvent('agent_failed', seq, {
      ...lifecycle,
      agent_name: 'demo',
      error: { code: 'agent_failed', message: 'Out of words' },
    }),
  cancelled: (seq: number, data: Partial<Data<'agent_cancelled'>> = {}) =>
    makeEvent('agent_cancelled', seq, { ...lifecycle, agent_name: 'demo', ...data }),
  stalled: (seq: number, quietMs: number) => makeEvent('agent_stalled', seq, { ...lifecycle, quiet_ms: quietMs }),
};
