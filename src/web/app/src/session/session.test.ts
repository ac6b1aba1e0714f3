import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userKey } from '../protocol/user-id';
import { Session } from './session';

describe('Session', () => {
  let session: Session;
  let asked: { readonly method: string; readonly url: string; readonly body?: unknown }[];
  let answer: (method: string, path: string) => Response | Promise<Response>;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    answer = () => json({ development: false, user_id: 'ada', roles: [], sign_in: ['key', 'openid'] });
    vi.stubGlobal('fetch', (url: string, { method, body }: { method: string; body?: string }) => {
      asked.push({ method, url, ...(body !== undefined && { body: JSON.parse(body) as unknown }) });
      return Promise.resolve().then(() => answer(method, new URL(url).pathname.slice('/netra/'.length)));
    });
    session = new Session('https://chat.example.com/netra/?x=1', () => 1);
  });
  afterEach(() => {
    session.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  const json = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
  const problem = (status: number, detail: string) => json({ code: 'x', detail }, status);
  const ways = { key: true, openId: true };

  describe('at the start', () => {
    it('is that of who is signed in, as the server beside the page says', async () => {
      await session.start();

      expect(session.store.state).toEqual({ name: 'active', userId: 'ada', ways });
      expect(asked).toEqual([{ method: 'GET', url: 'https://chat.example.com/netra/v1/session' }]);
      expect(session.openIdAddress).toBe('https://chat.example.com/netra/v1/session/openid');
    });

    it.each([
      ['Development', () => json({ development: true, roles: [], sign_in: [] })],
      ['a server that has no sessions', () => problem(404, 'Nothing here')],
      ['a host that has its page for every path', () => new Response('<!doctype html>')],
    ])('is nobody\'s in %s', async (_, answered) => {
      answer = answered;
      await session.start();

      expect(session.store.state).toEqual({ name: 'open' });
    });

    it('asks for signing in, in the ways that there are', async () => {
      answer = () => json({ development: false, user_id: null, roles: [], sign_in: ['key', 'retina'] });
      await session.start();

      expect(session.store.state).toEqual({ name: 'over', ways: { key: true, openId: false } });
    });

    it.each([
      ['everybody in Development', { development: true, roles: [], sign_in: [] }, true],
      ['a user who may look at dashboards', { development: false, user_id: 'ada', roles: ['connect', 'act'], sign_in: ['key'] }, true],
      ['an operator who is no user', { development: false, roles: ['view'], sign_in: ['key'] }, true],
      ['a user alone', { development: false, user_id: 'ada', roles: ['connect'], sign_in: ['key'] }, false],
    ])('knows whether the dashboards are for %s', async (_, document, are) => {
      answer = () => json(document);
      await session.start();

      expect(session.dashboards).toBe(are ? 'https://chat.example.com/netra/dashboards' : undefined);
    });

    it('says so to an operator who is no user', async () => {
      answer = () => json({ development: false, roles: ['view'], sign_in: ['key'] });
      await session.start();

      expect(session.store.state).toMatchObject({ name: 'over', reason: expect.stringContaining('operator') as string });
    });

    it('says that a sign-in elsewhere has failed', async () => {
      session = new Session('https://chat.example.com/netra/?sign_in=failed', () => 1);
      answer = () => json({ development: false, roles: [], sign_in: ['openid'] });
      await session.start();

      expect(session.store.state).toMatchObject({ name: 'over', reason: 'Signing in did not work. Try again.' });
    });

    it('asks until the server answers, and says why it has to', async () => {
      answer = () => Promise.reject(new TypeError('fetch failed'));
      await session.start();
      expect(session.store.state).toEqual({ name: 'unknown', problem: 'The server cannot be reached.' });

      answer = () => problem(503, 'The pipeline is not ready.');
      await vi.advanceTimersByTimeAsync(500);
      expect(session.store.state).toEqual({ name: 'unknown', problem: 'The pipeline is not ready.' });

      answer = () => json({ development: true, roles: [], sign_in: [] });
      await vi.advanceTimersByTimeAsync(1000);
      expect(session.store.state).toEqual({ name: 'open' });
    });
  });

  describe('when somebody signs in', () => {
    beforeEach(async () => {
      answer = () => json({ development: false, roles: [], sign_in: ['key'] });
      await session.start();
    });

    const signedIn = (answered: object) => {
      const session = { development: false, sign_in: ['key'], ...answered };
      answer = (method) => (method === 'POST' ? new Response(null, { status: 204 }) : json(session));
    };

    it('is theirs', async () => {
      signedIn({ user_id: 'bob', roles: [] });

      expect(await session.signIn('nk_1', 'bob')).toBeUndefined();
      expect(asked.at(-2)).toEqual({
        method: 'POST',
        url: 'https://chat.example.com/netra/v1/session',
        body: { key: 'nk_1', user_id: 'bob' },
      });
      expect(session.store.state).toEqual({ name: 'active', userId: 'bob', ways: { key: true, openId: false } });
    });

    it('is that of the tenant that the key is for', async () => {
      signedIn({ user_id: 'bob', tenant_id: 'acme', roles: [] });

      expect(await session.signIn('nk_1', 'bob')).toBeUndefined();
      expect(session.store.state).toMatchObject({ name: 'active', userId: userKey('bob', 'acme') });
    });

    it.each([
      ['says why it is not', () => problem(401, 'The key is unknown.'), 'The key is unknown.'],
      ['says what a proxy has answered', () => new Response('<html>', { status: 502 }), 'The server answered with 502.'],
      ['says that nobody answers', () => Promise.reject(new TypeError('no')), 'The server cannot be reached.'],
    ])('%s', async (_, answered, words) => {
      answer = answered;

      expect(await session.signIn('nk_1', 'bob')).toBe(words);
      expect(session.store.state.name).toBe('over');
    });
  });

  describe('of a user', () => {
    beforeEach(() => session.start());

    const tickets = (answered: () => Response) => {
      answer = (method, path) => (method === 'POST' && path === 'v1/tickets' ? answered() : problem(500, path));
    };
    const over = (reason: string) => ({ name: 'over', userId: 'ada', ways, reason: expect.stringContaining(reason) as string });

    it('has tickets', async () => {
      tickets(() => json({ ticket: 'nt_1', expires_in_ms: 30_000, user_id: 'ada' }, 201));

      expect(await session.identityOf('ada').takeTicket()).toBe('nt_1');
      expect(session.store.state.name).toBe('active');
    });

    it.each([401, 403])('is over when tickets are refused with %i, and keeps whose it was', async (status) => {
      tickets(() => problem(status, 'Your session is over, or forbidden.'));

      await expect(session.identityOf('ada').takeTicket()).rejects.toMatchObject({ name: 'UnauthorizedError', code: 3007 });
      expect(session.store.state).toEqual(over('Your session is over'));
    });

    it('gives no ticket of a user of that name in another tenant', async () => {
      tickets(() => json({ ticket: 'nt_1', expires_in_ms: 30_000, user_id: 'ada', tenant_id: 'acme' }, 201));

      await expect(session.identityOf('ada').takeTicket()).rejects.toThrow();
      expect(session.store.state).toEqual(over('signed in as ada (acme) now'));
    });

    it('gives no ticket of another user', async () => {
      tickets(() => json({ ticket: 'nt_1', expires_in_ms: 30_000, user_id: 'bob' }, 201));

      await expect(session.identityOf('ada').takeTicket()).rejects.toMatchObject({ name: 'UnauthorizedError', code: 4409 });
      expect(session.store.state).toEqual(over('signed in as bob'));
    });

    it.each([
      [() => problem(503, 'Not ready'), 'Not ready'],
      [() => json({ nothing: 1 }, 201), 'The server answered with 201.'],
    ])('goes on when a ticket cannot be had now', async (answered, words) => {
      tickets(answered);

      await expect(session.identityOf('ada').takeTicket()).rejects.toMatchObject({ name: 'Error', message: words });
      expect(session.store.state.name).toBe('active');
    });

    it.each([
      [4403, 'revoked'],
      [4409, 'over'],
    ])('is over when a connection has ended with %i, of this user only', (code, reason) => {
      session.identityOf('bob').ended(code);
      expect(session.store.state.name).toBe('active');
      session.identityOf('ada').ended(code);
      expect(session.store.state).toEqual(over(reason));
    });

    it('says that it is about to end, as long as it is', () => {
      session.identityOf('ada').ending(true);
      expect(session.store.state).toMatchObject({ name: 'active', reason: expect.stringContaining('about to end') as string });
      session.identityOf('ada').ending(false);
      expect(session.store.state).toEqual({ name: 'active', userId: 'ada', ways });
    });

    it('ends when they sign out, and nothing is left of them', async () => {
      answer = () => new Response(null, { status: 204 });

      expect(await session.signOut()).toBeUndefined();
      expect(asked.at(-1)?.method).toBe('DELETE');
      expect(session.store.state).toEqual({ name: 'over', ways });
    });

    it('is not over when signing out fails', async () => {
      answer = () => problem(500, 'Broken');

      expect(await session.signOut()).toBe('Broken');
      expect(session.store.state.name).toBe('active');
    });

    it('goes on when they have signed in with another tab', async () => {
      await session.lookAgain();
      expect(asked).toHaveLength(1);
      session.identityOf('ada').ended(4403);
      await session.lookAgain();

      expect(session.store.state).toEqual({ name: 'active', userId: 'ada', ways });
    });

    it('does not become that of another user who has', async () => {
      session.identityOf('ada').ended(4403);
      answer = () => json({ development: false, user_id: 'bob', roles: [], sign_in: ['key'] });
      await session.lookAgain();

      expect(session.store.state).toEqual(over('signed in as bob'));
    });
  });
});
