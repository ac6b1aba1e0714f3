import type { Fault } from '../connection/handler.js';
import type { ErrorMessage, Gap } from '../protocol/server-messages.js';
import { plainWords } from './failure-words.js';
import { limits } from './limits.js';

/** Something that went wrong and concerns the person in front of the page. */
export interface Notice {
  readonly id: number;
  readonly severity: 'warning' | 'error' | 'critical';
  readonly code: string;
  readonly message: string;
  /** The server's own words, where `message` says the same for everybody. */
  readonly detail?: string;
  readonly threadId?: string;
  readonly runId?: string;
  /** The event that will not come, where it is known. */
  readonly lost?: LostEvent;
  /** How often it happened in a row. */
  readonly count: number;
}

export interface LostEvent {
  readonly type: string;
  readonly toolName?: string;
  readonly callId?: string;
}

export interface Notices {
  readonly list: readonly Notice[];
  readonly nextId: number;
  readonly omitted: number;
}

export { noNotices } from './nothing.js';

export type NewNotice = Omit<Notice, 'id' | 'count'> & {
  /** How many failures it stands for, where it is more than one. */
  readonly count?: number;
};

export function addNotice(notices: Notices, added: NewNotice): Notices {
  const last = notices.list.at(-1);
  if (last !== undefined && sameNotice(last, added)) {
    return { ...notices, list: notices.list.with(-1, { ...last, count: last.count + (added.count ?? 1) }) };
  }
  const list = [...notices.list, { ...added, id: notices.nextId, count: added.count ?? 1 }];
  const excess = Math.max(0, list.length - limits.notices);
  return { list: list.slice(excess), nextId: notices.nextId + 1, omitted: notices.omitted + excess };
}

export function dismissNotice(notices: Notices, id: number): Notices {
  return { ...notices, list: notices.list.filter((notice) => notice.id !== id) };
}

export function noticeOfError(error: ErrorMessage): NewNotice {
  const plain = plainWords(error.code);
  const count = error.data?.['count'];
  return {
    severity: error.severity === 'critical' ? 'critical' : 'error',
    code: error.code,
    ...(plain === undefined ? { message: error.message } : { message: plain, detail: error.message }),
    ...(error.thread_id !== undefined && { threadId: error.thread_id }),
    ...(error.run_id !== undefined && { runId: error.run_id }),
    ...(error.event_type !== undefined && { lost: lostEvent(error, error.event_type) }),
    ...(typeof count === 'number' && count > 1 && { count }),
  };
}

function lostEvent({ tool_name: toolName, call_id: callId }: ErrorMessage, type: string): LostEvent {
  return { type, ...(toolName !== undefined && { toolName }), ...(callId !== undefined && { callId }) };
}

export function noticeOfFault(fault: Fault): NewNotice {
  return { severity: 'error', code: fault.code, message: fault.message };
}

export function noticeOfLoss(gap: Gap): NewNotice {
  const many = gap.to - gap.from + 1;
  const events = many === 1 ? `Event ${gap.from}` : `Events ${gap.from} to ${gap.to} (${many})`;
  const why = causes[gap.cause] ?? gap.cause;
  return {
    severity: gap.certain ? 'warning' : 'error',
    code: gap.cause,
    message: gap.certain ? `${events} will not come: ${why}.` : `${events} may be missing: ${why}, and nobody knows whether they existed.`,
  };
}

const causes: Readonly<Record<string, string>> = {
  expired: 'they are no longer kept',
  server_restart: 'the server was restarted',
};

/** What stands for many has the words of the latest of them: they are one with what was said of the same before. */
function sameNotice(a: NewNotice, b: NewNotice): boolean {
  const words = (b.count ?? 1) > 1 || (a.message === b.message && a.detail === b.detail);
  return words && a.code === b.code && a.runId === b.runId && a.threadId === b.threadId && a.lost?.callId === b.lost?.callId;
}
