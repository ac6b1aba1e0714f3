import { CloseCode, UnauthorizedError } from 'netra-pipeline-client';
import { backoff, explain } from 'netra-pipeline-client/fallback';
import type { Identity } from '../chat/identity';
import { Store } from '../chat/store';
import { isOperator, readSession, readTicket, type SessionDocument } from '../protocol/session';
import { shownUser, userKey } from '../protocol/user-id';
import type { SessionState, SignInWays } from './session-state';

const timeoutMs = 10_000;
const endingWords = 'Your session is about to end. Sign in again to go on.';
const overWords = 'Your session is over. Sign in again to go on.';
const failedWords = 'Signing in did not work. Try again.';
const operatorWords = 'You are signed in as an operator, and not as a user who could chat.';
const revokedWords = 'Your access was revoked. Sign in again to go on.';

/** Who is signed in with this browser (protocol 12.4). The session itself is a cookie that no script can read. */
export class Session {
  readonly store = new Store<SessionState>({ name: 'unknown' });
  readonly #page: string;
  readonly #random: () => number;
  #attempt = 0;
  #isOperator = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `page` is the page's own address: the server is beside it. */
  constructor(page: string, random: () => number = Math.random) {
    this.#page = page;
    this.#random = random;
  }

  /** Where signing in with OpenID Connect begins, and comes back from. */
  get openIdAddress(): string {
    return this.#address('v1/session/openid');
  }

  /** Where the dashboards are, for somebody who may see them. */
  get dashboards(): string | undefined {
    return this.#isOperator ? this.#address('dashboards') : undefined;
  }

  /** Asks the server until it says who is signed in. */
  async start(): Promise<void> {
    try {
      this.#learn(await this.#ask());
      this.#attempt = 0;
    } catch (error) {
      this.#set({ name: 'unknown', problem: problemOf(error) });
      this.#timer = setTimeout(() => void this.start(), backoff(this.#attempt++, this.#random));
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Perhaps somebody has signed in with another tab. */
  async lookAgain(): Promise<void> {
    const before = this.store.state;
    if (before.name !== 'over') {
      return;
    }
    // Who cannot be asked now is asked with the next look.
    const session = await this.#ask().catch(() => undefined);
    if (session?.user_id && this.store.state === before) {
      this.#isOperator = isOperator(session);
      const userId = userKey(session.user_id, session.tenant_id);
      const mayGoOn = before.userId === undefined || before.userId === userId;
      this.#set(mayGoOn ? { name: 'active', userId, ways: before.ways } : { ...before, reason: otherUser(userId, before.userId) });
    }
  }

  /** Returns why it was refused, in words for people; `undefined` when it was not. */
  async signIn(key: string, userId: string): Promise<string | undefined> {
    try {
      const response = await this.#request('POST', 'v1/session', { key, user_id: userId });
      if (!response.ok) {
        return await explain(response, refusal(response));
      }
      // The key says of which tenant.
      this.#learn(await this.#ask());
    } catch (error) {
      return problemOf(error);
    }
    return undefined;
  }

  /** Returns why this was not possible. What is on the screen goes with the session. */
  async signOut(): Promise<string | undefined> {
    try {
      const response = await this.#request('DELETE', 'v1/session');
      if (!response.ok && response.status !== 401) {
        return await explain(response, refusal(response));
      }
    } catch (error) {
      return problemOf(error);
    }
    this.#isOperator = false;
    this.#set({ name: 'over', ways: this.#ways });
    return undefined;
  }

  /** What the chat of this user needs, and of no other: what is on the screen is theirs. */
  identityOf(userId: string): Identity {
    return {
      takeTicket: () => this.#takeTicket(userId),
      ending: (ending) => this.#warn(userId, ending),
      ended: (code) => this.#end(userId, code === CloseCode.revoked ? revokedWords : overWords),
    };
  }

  async #takeTicket(userId: string): Promise<string> {
    const response = await this.#request('POST', 'v1/tickets');
    if (response.status === 401) {
      this.#end(userId, overWords);
      throw new UnauthorizedError();
    }
    if (response.status === 403) {
      const reason = await explain(response, refusal(response));
      this.#end(userId, reason);
      throw new UnauthorizedError(reason);
    }
    const ticket = response.ok ? readTicket(await response.json()) : undefined;
    if (ticket === undefined) {
      throw new Error(await explain(response, refusal(response)));
    }
    const present = userKey(ticket.user_id, ticket.tenant_id);
    if (present !== userId) {
      this.#end(userId, otherUser(present, userId));
      throw new UnauthorizedError('', CloseCode.identityChanged);
    }
    return ticket.ticket;
  }

  #warn(userId: string, ending: boolean): void {
    const { state } = this.store;
    if (state.name === 'active' && state.userId === userId && ending !== (state.reason !== undefined)) {
      this.#set({ name: 'active', userId, ways: state.ways, ...(ending && { reason: endingWords }) });
    }
  }

  #end(userId: string, reason: string): void {
    const { state } = this.store;
    if (state.name === 'active' && state.userId === userId) {
      this.#set({ name: 'over', userId, ways: state.ways, reason });
    }
  }

  /** `undefined` from a server that knows no sessions: it answers 404, or whatever it has for paths that it does not know. */
  async #ask(): Promise<SessionDocument | undefined> {
    const response = await this.#request('GET', 'v1/session');
    if (!response.ok && response.status !== 404) {
      throw new Error(await explain(response, refusal(response)));
    }
    return response.ok ? readSession(await response.json().catch(() => undefined)) : undefined;
  }

  #learn(session: SessionDocument | undefined): void {
    this.#isOperator = session !== undefined && isOperator(session);
    if (session === undefined || session.development) {
      this.#set({ name: 'open' });
      return;
    }
    const ways = { key: session.sign_in.includes('key'), openId: session.sign_in.includes('openid') };
    if (session.user_id) {
      this.#set({ name: 'active', userId: userKey(session.user_id, session.tenant_id), ways });
    } else {
      const failed = new URL(this.#page).searchParams.get('sign_in') === 'failed';
      const reason = failed ? failedWords : session.roles.length > 0 ? operatorWords : undefined;
      this.#set({ name: 'over', ways, ...(reason !== undefined && { reason }) });
    }
  }

  get #ways(): SignInWays {
    const { state } = this.store;
    return 'ways' in state ? state.ways : { key: false, openId: false };
  }

  #request(method: string, path: string, body?: object): Promise<Response> {
    return fetch(this.#address(path), {
      method,
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
  }

  #address(path: string): string {
    return new URL(path, this.#page).href;
  }

  #set(state: SessionState): void {
    this.store.update(() => state);
  }
}

function refusal({ status }: Response): string {
  return `The server answered with ${status}.`;
}

function problemOf(error: unknown): string {
  // What `fetch` says of a server that it cannot reach depends on the browser.
  return error instanceof Error && error.constructor === Error ? error.message : 'The server cannot be reached.';
}

function otherUser(present: string, wanted: string): string {
  const [now, before] = [shownUser(present), shownUser(wanted)];
  return `This browser is signed in as ${now} now. Sign in to go on as ${before}, or reload the page to be ${now}.`;
}
