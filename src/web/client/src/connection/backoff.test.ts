import { describe, expect, it } from 'vitest';
import { backoff } from './backoff.js';

describe('backoff', () => {
  it('doubles its bound from half a second up to twenty', () => {
    const bounds = [0, 1, 2, 5, 6, 1000].map((attempt) => backoff(attempt, () => 1));

    expect(bounds).toEqual([500, 1000, 2000, 16_000, 20_000, 20_000]);
  });

  it('takes any moment below the bound', () => {
    expect(backoff(3, () => 0)).toBe(0);
    expect(backoff(3, () => 0.25)).toBe(1000);
  });
});
