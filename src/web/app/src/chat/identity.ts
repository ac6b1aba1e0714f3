import { userIdProblem } from '../protocol/user-id';
import { randomId } from './ids';

/** Who chats, where they have to sign in: the address may not say it. */
export interface Identity {
  takeTicket(): Promise<string>;
  /** The credential is about to end, and there is no later one; or there is one now. */
  ending(ending: boolean): void;
  /** A connection has ended with a code after which somebody has to sign in. */
  ended(code: number): void;
}

const userKey = 'netra.user';
const threadKey = 'netra.thread';
const parameter = 'user_id';

/** Who this page speaks for: the address says it, or this browser remembers it, so that two tabs are one user. */
export function readUser(): string {
  const named = new URLSearchParams(location.search).get(parameter) ?? localStorage.getItem(userKey);
  if (named !== null && userIdProblem(named) === undefined) {
    return named;
  }
  const guest = randomId('guest', 4);
  localStorage.setItem(userKey, guest);
  return guest;
}

/** Takes another name, for this browser and in the address, so that a reload keeps it. */
export function writeUser(userId: string): void {
  localStorage.setItem(userKey, userId);
  const url = new URL(location.href);
  if (url.searchParams.has(parameter)) {
    url.searchParams.set(parameter, userId);
    history.replaceState(null, '', url);
  }
}

/** The thread this tab asks in. It survives a reload and ends with the tab. */
export function readThread(userId: string): string {
  const key = `${threadKey}.${userId}`;
  const kept = sessionStorage.getItem(key);
  if (kept !== null) {
    return kept;
  }
  const thread = randomId('thread');
  sessionStorage.setItem(key, thread);
  return thread;
}
