import { Ranges } from './ranges.js';

/** The numbers that are processed: all up to `position`, and the few above it that arrived around a hole (protocol 4.1). */
export class Cursor extends Ranges {
  protected override ranges = [{ from: 0, to: 0 }];

  get position(): number {
    return this.ranges[0]!.to;
  }

  /** How many separate ranges are processed above the position. */
  get holes(): number {
    return this.ranges.length - 1;
  }

  /** Forgets everything: another history begins after `position`. */
  reset(position: number): void {
    this.ranges = [{ from: 0, to: position }];
  }
}
