import { describe, expect, it } from 'vitest';
import { userIdProblem } from './user-id';

describe('userIdProblem', () => {
  it.each(['ada', 'Ada Lovelace', 'é'.repeat(128)])('accepts %s', (name) => {
    expect(userIdProblem(name)).toBeUndefined();
  });

  it.each(['', '$system', 'a\nb', 'é'.repeat(129)])('refuses %j', (name) => {
    expect(userIdProblem(name)).toBeDefined();
  });
});
