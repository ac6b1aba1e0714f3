import { describe, expect, it } from 'vitest';
import { CloseCode, describeClose, endsForGood, needsSignIn } from './close-codes.js';

describe('Close codes', () => {
  it.each([
    [4401, false, false],
    [4403, true, true],
    [4404, true, false],
    [4409, true, true],
    [3007, true, true],
    [3008, false, false],
    [1012, false, false],
    [1009, true, false],
  ])('%i: ends for good %s, asks for signing in %s', (code, forGood, signIn) => {
    expect(endsForGood(code)).toBe(forGood);
    expect(needsSignIn(code)).toBe(signIn);
  });

  it('have words for people', () => {
    for (const code of [...Object.values(CloseCode), 4401, 4404]) {
      expect(describeClose(code, true)).not.toContain(String(code));
    }
  });
});
