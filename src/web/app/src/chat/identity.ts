import { userIdProblem } from '../protocol/user-id';
import { randomId } from './ids';
import { readRoute, routeOf } from './route';

/** Who chats, where they have to sign in: the address may not say it. */
export interface Identity {
  takeTicket(): Promise<string>;
  /** The credential is about to end, and there is no later one; or there is one now. */
  ending(ending: boolean): void;
  /** A connection has ended with a code after which somebody has to sign in. */
  ended(code: number): void;
}

const userKey = 'netra.user';
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

/** The thread that is open in this tab. It survives a reload, and signing in elsewhere. */
export function readThread(userId: string): string | undefined {
  return readRoute(location.hash) ?? sessionStorage.getItem(threadKey(userId)) ?? undefined;
}

/** Remembers which one it is, and lets the address say it, so that "back" leads to the one before. */
export function writeThread(userId: string, threadId: string): void {
  sessionStorage.setItem(threadKey(userId), threadId);
  const named = readRoute(location.hash);
  if (named !== threadId) {
    history[named === undefined ? 'replaceState' : 'pushState'](null, '', routeOf(threadId));
  }
}

/** Another user's threads are others. */
export function forgetThread(): void {
  history.replaceState(null, '', location.pathname + location.search);
}

function threadKey(userId: string): string {
  return `netra.thread.${userId}`;
}
