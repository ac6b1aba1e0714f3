import { describe, expect, it } from 'vitest';
import { Cursor } from './cursor.js';

describe('Cursor', () => {
  it('moves on with numbers in order', () => {
    const cursor = new Cursor();
    cursor.add(1, 1);
    cursor.add(2, 2);

    expect(cursor.position).toBe(2);
    expect(cursor.has(2)).toBe(true);
    expect(cursor.has(3)).toBe(false);
  });

  it('stays before a hole, and passes it and all behind it once it is filled', () => {
    const cursor = new Cursor();
    for (const seq of [1, 4, 3, 6]) {
      cursor.add(seq, seq);
    }
    expect(cursor.position).toBe(1);
    expect(cursor.has(4)).toBe(true);
    expect(cursor.holes).toBe(2);

    cursor.add(2, 2);
    expect(cursor.position).toBe(4);
    cursor.add(5, 5);
    expect(cursor.position).toBe(6);
    expect(cursor.holes).toBe(0);
  });

  it('settles a range that overlaps what it knows', () => {
    const cursor = new Cursor();
    cursor.add(5, 9);
    cursor.add(8, 12);
    cursor.add(1, 6);

    expect(cursor.position).toBe(12);
    expect(cursor.holes).toBe(0);
  });

  it('never moves back', () => {
    const cursor = new Cursor();
    cursor.reset(10);
    cursor.add(3, 7);

    expect(cursor.position).toBe(10);
  });

  it('forgets everything when another history begins', () => {
    const cursor = new Cursor();
    cursor.add(1, 9);
    cursor.add(20, 22);
    cursor.reset(2);

    expect(cursor.position).toBe(2);
    expect(cursor.has(3)).toBe(false);
    expect(cursor.has(21)).toBe(false);
  });
});
