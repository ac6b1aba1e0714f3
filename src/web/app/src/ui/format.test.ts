import { describe, expect, it } from 'vitest';
import { formatArguments, formatBytes, formatDuration, shorten } from './format';

describe('formatDuration', () => {
  it.each([
    [-3, '0 ms'],
    [0.4, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [2440, '2.4 s'],
    [9949, '9.9 s'],
    [9951, '10 s'],
    [59_501, '1 min 0 s'],
    [185_000, '3 min 5 s'],
  ])('%f ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatArguments', () => {
  it('looks like a call', () => {
    expect(formatArguments({ expression: '1/0', digits: 2 })).toBe('expression: "1/0", digits: 2');
    expect(formatArguments([1, 2])).toBe('[1,2]');
    expect(formatArguments({})).toBe('');
  });
});

describe('shorten', () => {
  it('keeps what fits', () => {
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('abcd', 3)).toBe('ab…');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [12 * 1024 * 1024, '12 MiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
