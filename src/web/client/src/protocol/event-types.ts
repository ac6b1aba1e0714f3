import type { EventType, TerminalType } from './events.js';

/** For every event type, whether it is critical, that is, acknowledged at once. */
const critical: Readonly<Record<EventType, boolean>> = {
  agent_started: true,
  agent_thinking: true,
  tool_executing: true,
  tool_completed: true,
  agent_completed: true,
  agent_failed: true,
  agent_cancelled: true,
  agent_stalled: true,
  run_waiting: true,
  run_resumed: true,
  command_expired: true,
  token: false,
  thinking_delta: false,
  custom: false,
  user_message: false,
};

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(critical, type);
}

export function isCritical(type: EventType): boolean {
  return critical[type];
}

const terminal: ReadonlySet<EventType> = new Set<TerminalType>(['agent_completed', 'agent_failed', 'agent_cancelled']);

export function isTerminal(type: EventType): type is TerminalType {
  return terminal.has(type);
}
