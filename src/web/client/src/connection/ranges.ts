interface Range {
  readonly from: number;
  readonly to: number;
}

/** A set of whole numbers, kept as sorted ranges: its size is the number of holes, not of members. */
export class Ranges {
  protected ranges: Range[] = [];

  has(value: number): boolean {
    return this.covers(value, value);
  }

  /** Whether all of these are in it. */
  covers(from: number, to: number): boolean {
    return this.ranges.some((range) => range.from <= from && to <= range.to);
  }

  /** Whether one of these is in it. */
  touches(from: number, to: number): boolean {
    return this.ranges.some((range) => range.from <= to && from <= range.to);
  }

  add(from: number, to: number): void {
    const near = (range: Range): boolean => range.from <= to + 1 && from <= range.to + 1;
    const merged = [{ from, to }, ...this.ranges.filter(near)];
    const whole = { from: Math.min(...merged.map((range) => range.from)), to: Math.max(...merged.map((range) => range.to)) };
    this.ranges = [...this.ranges.filter((range) => !near(range)), whole].sort((a, b) => a.from - b.from);
  }

  remove(from: number, to: number): void {
    this.ranges = this.ranges.flatMap((range) =>
      [
        { from: range.from, to: Math.min(range.to, from - 1) },
        { from: Math.max(range.from, to + 1), to: range.to },
      ].filter((part) => part.from <= part.to),
    );
  }

  clear(): void {
    this.ranges = [];
  }
}
