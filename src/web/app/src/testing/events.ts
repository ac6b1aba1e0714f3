import type { EventOf, EventType } from '../protocol/events';

type Data<T extends EventType> = EventOf<T>['data'];

const lifecycle = { metadata: {}, timestamp: 0 };

/** An event of run `r1` in thread `t1`; event number n happens n seconds after the epoch. */
export function makeEvent<T extends EventType>(type: T, seq: number, data: Data<T>, where: object = {}): EventOf<T> {
  return { type, seq, id: `x-${seq}`, thread_id: 't1', run_id: 'r1', timestamp: seq, data, ...where } as unknown as EventOf<T>;
}

export const agentEvents = {
  started: (seq: number, data: Partial<Data<'agent_started'>> = {}, where: object = {}) =>
    makeEvent('agent_started', seq, { ...lifecycle, agent_name: 'demo', ...data }, where),
  thinking: (seq: number, thought: string) => makeEvent('agent_thinking', seq, { ...lifecycle, thought }),
  toolExecuting: (seq: number, data: Partial<Data<'tool_executing'>> = {}) =>
    makeEvent('tool_executing', seq, { ...lifecycle, tool_name: 'calculate', ...data }),
  toolCompleted: (seq: number, data: Partial<Data<'tool_completed'>> = {}) =>
    makeEvent('tool_completed', seq, { ...lifecycle, tool_name: 'calculate', ...data }),
  token: (seq: number, delta: string, where: object = {}) => makeEvent('token', seq, { delta }, where),
  custom: (seq: number, name: string, value: Data<'custom'>['value']) => makeEvent('custom', seq, { name, value }),
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
