import { Ranges } from './ranges.js';

/** The numbers that are processed: all up to `position`, and the few above it that arrived around a hole (protocol 4.1). */
export class Cursor {
  #position = 0;
  readonly #above = new Ranges();

  get position(): number {
    return this.#position;
  }

  /** How many separate ranges are processed above the position. */
  get holes(): number {
    return this.#above.count;
  }

  has(seq: number): boolean {
    return seq <= this.#position || this.#above.has(seq);
  }

  /** Whether all of these are processed. */
  covers(from: number, to: number): boolean {
    return to <= this.#position || this.#above.covers(Math.max(from, this.#position + 1), to);
  }

  /** Whether one of these is processed. */
  touches(from: number, to: number): boolean {
    return from <= this.#position || this.#above.touches(from, to);
  }

  mark(seq: number): void {
    this.settle(seq, seq);
  }

  /** Marks a whole range: these numbers are processed, or will never come. */
  settle(from: number, to: number): void {
    if (to <= this.#position) {
      return;
    }
    if (from <= this.#position + 1) {
      this.#position = this.#above.absorb(to);
    } else {
      this.#above.add(from, to);
    }
  }

  /** Forgets everything: another history begins after `position`. */
  reset(position: number): void {
    this.#position = position;
    this.#above.clear();
  }
}
