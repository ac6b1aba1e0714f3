interface Range {
  readonly from: number;
  to: number;
}

/** A set of whole numbers, kept as sorted ranges: its size is the number of holes, not of members. */
export class Ranges {
  readonly #ranges: Range[] = [];

  get count(): number {
    return this.#ranges.length;
  }

  has(value: number): boolean {
    return this.covers(value, value);
  }

  /** Whether all of these are in it. */
  covers(from: number, to: number): boolean {
    return this.#ranges.some((range) => range.from <= from && to <= range.to);
  }

  /** Whether one of these is in it. */
  touches(from: number, to: number): boolean {
    return this.#ranges.some((range) => range.from <= to && from <= range.to);
  }

  add(from: number, to: number): void {
    const touched = (range: Range): boolean => range.from <= to + 1 && from <= range.to + 1;
    const merged = this.#ranges.filter(touched);
    const rest = this.#ranges.filter((range) => !touched(range));
    rest.push({
      from: Math.min(from, ...merged.map((range) => range.from)),
      to: Math.max(to, ...merged.map((range) => range.to)),
    });
    rest.sort((a, b) => a.from - b.from);
    this.#ranges.splice(0, this.#ranges.length, ...rest);
  }

  /** Removes everything up to `value`, and the range that goes on right after it; returns where that ends, else `value`. */
  absorb(value: number): number {
    let end = value;
    while (this.#ranges[0] !== undefined && this.#ranges[0].from <= end + 1) {
      end = Math.max(end, this.#ranges[0].to);
      this.#ranges.shift();
    }
    return end;
  }

  clear(): void {
    this.#ranges.length = 0;
  }
}
