import type { Gap } from '../protocol/server-messages.js';
import type { Cursor } from './cursor.js';
import { Ranges } from './ranges.js';

export interface Missing {
  readonly from: number;
  readonly to: number;
}

/** What is to be done after a frame or a gap: pass these on in this order, and ask for what is missing. */
export interface Step<T> {
  readonly deliver: readonly T[];
  readonly missing: Missing | undefined;
  /** The numbers of a joined frame of which a part is there already: it was dropped, and they are to be asked for one by one. */
  readonly apart?: Missing;
  readonly duplicate?: boolean;
}

/**
 * Puts the numbered frames of one connection in order. After a jump that no gap announced, later frames are held until the
 * hole is filled, so that the application never sees an answer with its words in the wrong order.
 */
export class Sequencer<T extends { readonly from: number; readonly seq: number }> {
  readonly #cursor: Cursor;
  /** By the first number of each. */
  readonly #held = new Map<number, T>();
  readonly #heldNumbers = new Ranges();
  /** Passed on and not settled yet, be it by an earlier connection. */
  readonly #passed = new Ranges();
  /** Everything up to here was passed on, or needs not be. */
  #received = 0;
  #highest = 0;
  #written = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  /** The last number this connection has led up to, by a frame or by a gap. */
  get highest(): number {
    return this.#highest;
  }

  /** The last number the server has written to this connection. An acknowledgement must not go beyond it (protocol 4.3). */
  get written(): number {
    return this.#written;
  }

  get held(): number {
    return this.#held.size;
  }

  /** Whether something the server has passed over is still missing. */
  get waiting(): boolean {
    return this.#received < this.#highest;
  }

  /** A new connection goes on after the cursor. What was passed on before stays so. */
  begin(): void {
    this.#held.clear();
    this.#heldNumbers.clear();
    this.#received = this.#cursor.position;
    this.#highest = this.#cursor.position;
    this.#written = this.#cursor.position;
  }

  /** What was passed on will not be handled: it may come again. */
  forget(): void {
    this.#passed.clear();
  }

  accept(frame: T): Step<T> {
    const { from, seq } = frame;
    const missing = this.#jump(from);
    this.#highest = Math.max(this.#highest, seq);
    this.#written = Math.max(this.#written, seq);
    const known = [this.#cursor, this.#heldNumbers, this.#passed];
    if (known.some((numbers) => numbers.covers(from, seq))) {
      return { deliver: this.#drain(), missing, duplicate: true };
    }
    if (known.some((numbers) => numbers.touches(from, seq))) {
      return { deliver: this.#drain(), missing, apart: { from, to: seq } };
    }
    if (from > this.#received + 1) {
      this.#held.set(from, frame);
      this.#heldNumbers.add(from, seq);
      return { deliver: [], missing };
    }
    this.#received = Math.max(this.#received, seq);
    this.#passed.add(from, seq);
    return { deliver: [frame, ...this.#drain()], missing };
  }

  /** The application has handled it. */
  settle({ from, seq }: T): void {
    this.#passed.remove(from, seq);
    this.#cursor.add(from, seq);
  }

  /** The application has failed on it: it may come again. */
  release({ from, seq }: T): void {
    this.#passed.remove(from, seq);
  }

  /** These numbers will not come: pass over them. */
  skip(gap: Gap): Step<T> {
    const missing = this.#jump(gap.from);
    this.#highest = Math.max(this.#highest, gap.to);
    this.#cursor.add(gap.from, gap.to);
    return { deliver: this.#drain(), missing };
  }

  #has(seq: number): boolean {
    return this.#cursor.has(seq) || this.#passed.has(seq);
  }

  /** A number that neither a frame nor a gap has led up to; the numbers in between are missing. */
  #jump(next: number): Missing | undefined {
    let from = this.#highest + 1;
    while (from < next && this.#has(from)) {
      from++;
    }
    return from < next ? { from, to: next - 1 } : undefined;
  }

  #drain(): T[] {
    const frames: T[] = [];
    for (;;) {
      if (this.#held.size === 0) {
        this.#received = Math.max(this.#received, this.#cursor.position);
      }
      const next = this.#held.get(this.#received + 1);
      if (next !== undefined) {
        this.#held.delete(next.from);
        this.#passed.add(next.from, next.seq);
        frames.push(next);
        this.#received = next.seq;
      } else if (this.#received >= this.#highest || !this.#has(this.#received + 1)) {
        this.#heldNumbers.remove(0, this.#received);
        return frames;
      } else {
        this.#received++;
      }
    }
  }
}
