import { describe, expect, it } from 'vitest';
import { readRoute, routeOf } from './route';
import { isSeen, merge, readSeen, see, writeSeen, type Seen } from './seen';

const seen: Seen = { epoch: 'e', all: 10, threads: new Map([['a', 20]]) };

describe('seen', () => {
  it('knows what was read', () => {
    expect([isSeen(seen, 'b', 10), isSeen(seen, 'a', 20)]).toEqual([true, true]);
    expect([isSeen(seen, 'b', 11), isSeen(seen, 'a', 21)]).toEqual([false, false]);
    expect(isSeen(undefined, 'a', 99)).toBe(true);
    expect(isSeen(see(seen, '__proto__', 12), '__proto__', 12)).toBe(true);
  });

  it('survives being stored, and nothing else does', () => {
    expect(readSeen(writeSeen(seen))).toEqual(seen);
    const entry = '{"epoch":"e","all":1,"threads":';
    for (const text of [null, '', 'null', '{}', '[]', `${entry}{}}`, `${entry}[["a","b"]]}`]) {
      expect(readSeen(text)).toBeUndefined();
    }
  });

  it('is joined with what another tab has read of the same history', () => {
    const other: Seen = { epoch: 'e', all: 5, threads: new Map([['a', 15], ['b', 30]]) };
    expect(merge(seen, other)).toEqual({ epoch: 'e', all: 10, threads: new Map([['a', 20], ['b', 30]]) });
    expect(merge(seen, { ...other, epoch: 'x' })).toBe(seen);
    expect(merge(seen, undefined)).toBe(seen);
  });

  it('has a bound', () => {
    let many = seen;
    for (let i = 0; i < 500; i++) {
      many = see(many, `t${i}`, 100 + i);
    }

    expect(many.threads.size).toBe(200);
    expect([isSeen(many, 't0', 100), isSeen(many, 't499', 599), isSeen(many, 'new', 600)]).toEqual([true, true, false]);
  });
});

describe('route', () => {
  it.each(['thread-1', 'a/b?c#d', '50 %', 'ä😀'])('names %s', (id) => {
    expect(readRoute(routeOf(id))).toBe(id);
  });

  it.each(['', '#', '#/t/', '#/t/%', '#/x'])('%j names none', (hash) => {
    expect(readRoute(hash)).toBeUndefined();
  });
});
