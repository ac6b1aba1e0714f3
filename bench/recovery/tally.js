/** What an application was told of the events of one stream, which are numbered from 1. */
export class Tally {
  #times = [];
  highest = 0;
  doubled = 0;
  outOfOrder = 0;

  told(number) {
    this.#times[number] = (this.#times[number] ?? 0) + 1;
    if (this.#times[number] > 1) {
      this.doubled++;
    } else if (number < this.highest) {
      this.outOfOrder++;
    }
    this.highest = Math.max(this.highest, number);
  }

  has(number) {
    return this.#times[number] !== undefined;
  }

  /** How many of the first so many were never told. */
  lost(published) {
    let lost = 0;
    for (let number = 1; number <= published; number++) {
      lost += this.#times[number] === undefined ? 1 : 0;
    }
    return lost;
  }
}

/** Lost, doubled and out of order of several streams together, as cells of a table. */
export function sums(tallies) {
  const sum = (of) => tallies.reduce((total, one) => total + of(one), 0).toLocaleString('en');
  return [
    sum(({ published }) => published),
    sum(({ tally, published }) => tally.lost(published)),
    sum(({ tally }) => tally.doubled),
    sum(({ tally }) => tally.outOfOrder),
  ];
}

/** The smallest value that so many of them, from 0 to 1, do not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Median, p99 and the largest of times in ms, as seconds. */
export function times(values) {
  return values.length === 0
    ? ['–', '–', '–']
    : [0.5, 0.99, 1].map((share) => `${(percentile(values, share) / 1000).toFixed(2)} s`);
}
