import { beforeEach, describe, expect, it } from 'vitest';
import type { Gap } from '../protocol/server-messages.js';
import { Cursor } from './cursor.js';
import { Sequencer } from './sequencer.js';

const frame = (seq: number, from = seq) => ({ from, seq });
const lost = (from: number, to: number): Gap => ({ type: 'gap', from, to, cause: 'expired', replay: false, certain: true });

describe('Sequencer', () => {
  let cursor: Cursor;
  let sequencer: Sequencer<{ readonly from: number; readonly seq: number }>;
  const take = (seq: number, from = seq) => {
    const step = sequencer.accept(frame(seq, from));
    step.deliver.forEach((delivered) => sequencer.settle(delivered));
    return { ...step, deliver: step.deliver.map((delivered) => delivered.seq) };
  };

  beforeEach(() => {
    cursor = new Cursor();
    cursor.reset(10);
    sequencer = new Sequencer(cursor);
    sequencer.begin();
  });

  it('passes on what is in order', () => {
    expect(take(11)).toEqual({ deliver: [11] });
    expect(take(12)).toEqual({ deliver: [12] });
  });

  it('drops what was processed already', () => {
    take(11);

    expect(take(11)).toEqual({ deliver: [], duplicate: true });
    expect(take(4)).toEqual({ deliver: [], duplicate: true });
  });

  it('holds what comes after a jump until the hole is filled, and asks for the hole once', () => {
    expect(take(13)).toEqual({ deliver: [], missing: { from: 11, to: 12 } });
    expect(take(14)).toEqual({ deliver: [] });
    expect(take(14)).toEqual({ deliver: [], duplicate: true });
    expect(take(11)).toEqual({ deliver: [11] });
    expect(sequencer.waiting).toBe(true);
    expect(take(12)).toEqual({ deliver: [12, 13, 14] });
    expect(sequencer.waiting).toBe(false);
  });

  it('goes on after numbers that will not come', () => {
    expect(sequencer.skip(lost(11, 20))).toEqual({ deliver: [] });
    expect(take(21)).toEqual({ deliver: [21] });
    expect(cursor.position).toBe(21);
  });

  it('releases what it holds when the hole turns out to be lost', () => {
    take(13);

    expect(sequencer.skip(lost(11, 12)).deliver).toEqual([{ from: 13, seq: 13 }]);
  });

  it('finds the jump before a gap that begins too late', () => {
    expect(sequencer.skip(lost(13, 15)).missing).toEqual({ from: 11, to: 12 });
  });

  it('delivers again what the application did not manage the first time', () => {
    sequencer.accept(frame(11));
    sequencer.release(frame(11));

    expect(take(12).deliver).toEqual([12]);
    expect(take(11).deliver).toEqual([11]);
    expect(cursor.position).toBe(12);
  });

  it('passes over what was processed on an earlier connection', () => {
    cursor.add(12, 13);
    sequencer.begin();

    expect(take(11)).toEqual({ deliver: [11] });
    expect(sequencer.highest).toBe(11);
    expect(take(12)).toEqual({ deliver: [], duplicate: true });
    expect(take(13)).toEqual({ deliver: [], duplicate: true });
    expect(take(14)).toEqual({ deliver: [14] });
  });

  it('passes a joined frame over all of its numbers', () => {
    expect(take(14, 11)).toEqual({ deliver: [14] });
    expect(take(13, 12)).toEqual({ deliver: [], duplicate: true });
    expect(take(15)).toEqual({ deliver: [15] });
    expect(cursor.position).toBe(15);
  });

  it('holds a joined frame like any other, and knows its numbers when they come again', () => {
    expect(take(20, 13)).toEqual({ deliver: [], missing: { from: 11, to: 12 } });
    expect(take(15)).toEqual({ deliver: [], duplicate: true });
    expect(take(21)).toEqual({ deliver: [] });
    expect(take(12, 11)).toEqual({ deliver: [12, 20, 21] });
    expect(sequencer.held).toBe(0);
    expect(take(22)).toEqual({ deliver: [22] });
  });

  it('drops a joined frame of which a part is there, and asks for its numbers one by one', () => {
    cursor.add(12, 13);
    sequencer.begin();

    expect(take(15, 11)).toEqual({ deliver: [], apart: { from: 11, to: 15 } });
    expect(sequencer.waiting).toBe(true);
    expect(take(16)).toEqual({ deliver: [] });
    expect(take(11).deliver).toEqual([11]);
    expect(take(12)).toEqual({ deliver: [], duplicate: true });
    expect(take(13)).toEqual({ deliver: [], duplicate: true });
    expect([...take(14).deliver, ...take(15).deliver]).toEqual([14, 15, 16]);
    expect(sequencer.waiting).toBe(false);
  });
});
