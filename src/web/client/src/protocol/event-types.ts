import type { EventType, TerminalType } from './events.js';
import { dataShapes } from './shape.js';

/** All others are critical. */
const uncritical: ReadonlySet<EventType> = new Set<EventType>(['token', 'thinking_delta', 'custom', 'user_message']);
const terminal: ReadonlySet<EventType> = new Set<TerminalType>(['agent_completed', 'agent_failed', 'agent_cancelled']);

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(dataShapes, type);
}

/** Whether events of this type are acknowledged at once. */
export function isCritical(type: EventType): boolean {
  return !uncritical.has(type);
}

/** Whether events of this type end a run. */
export function isTerminal(type: EventType): type is TerminalType {
  return terminal.has(type);
}
