import { expect, it } from 'vitest';
import { rightsOf } from './rights';

it('lets whoever may configure act and view, and not the other way round', () => {
  const session = (...roles: string[]) => ({ development: false, roles, sign_in: ['key'] });
  expect(rightsOf(session('configure'))).toEqual({ view: true, act: true, configure: true, read: false });
  expect(rightsOf(session('view', 'read'))).toEqual({ view: true, act: false, configure: false, read: true });
  expect(rightsOf(session())).toEqual({ view: false, act: false, configure: false, read: false });
});

it('allows everything in Development, unless somebody is signed in', () => {
  expect(rightsOf({ development: true, roles: [], sign_in: [] }).configure).toBe(true);
  expect(rightsOf({ development: true, roles: ['view'], sign_in: [] }).act).toBe(false);
  expect(rightsOf(undefined).act).toBe(true);
});
