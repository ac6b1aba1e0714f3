import { describe, expect, it } from 'vitest';
import { shownUser, userIdProblem, userKey, userOf } from './user-id';

describe('userIdProblem', () => {
  it.each(['ada', 'Ada Lovelace', 'é'.repeat(128)])('accepts %s', (name) => {
    expect(userIdProblem(name)).toBeUndefined();
  });

  it.each(['', '$system', 'a\nb', 'é'.repeat(129)])('refuses %j', (name) => {
    expect(userIdProblem(name)).toBeDefined();
  });
});

describe('userKey', () => {
  it('keeps users of one name in two tenants apart', () => {
    const keys = [userKey('ada'), userKey('ada', 'acme'), userKey('ada', 'globex'), userKey('b/c', 'a'), userKey('c', 'a/b')];

    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has its user, and is shown with the tenant', () => {
    expect([userOf(userKey('ada')), userOf(userKey('ada', 'acme'))]).toEqual(['ada', 'ada']);
    expect([shownUser(userKey('ada')), shownUser(userKey('ada', 'acme'))]).toEqual(['ada', 'ada (acme)']);
  });
});
