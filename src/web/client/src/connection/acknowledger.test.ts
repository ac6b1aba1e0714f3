import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Acknowledger } from './acknowledger.js';

describe('Acknowledger', () => {
  let processed: number;
  let sent: number[];
  let acknowledger: Acknowledger;
  const handle = (critical = false) => {
    processed++;
    acknowledger.handled(critical);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    processed = 40;
    sent = [];
    acknowledger = new Acknowledger(() => processed, (seq) => sent.push(seq));
    acknowledger.begin(1000, 4);
  });
  afterEach(() => vi.useRealTimers());

  it('waits for the interval', () => {
    handle();
    vi.advanceTimersByTime(999);
    handle();
    expect(sent).toEqual([]);

    vi.advanceTimersByTime(1);
    expect(sent).toEqual([42]);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([42]);
  });

  it('does not wait when enough events have come together', () => {
    [1, 2, 3, 4].forEach(() => handle());

    expect(sent).toEqual([44]);
  });

  it('answers a critical event at once, with everything before it', () => {
    handle();
    handle(true);

    expect(sent).toEqual([42]);
  });

  it('lets a due pong carry it', () => {
    handle();

    expect(acknowledger.carry()).toBe(41);
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([]);
  });

  it('does not repeat itself while a hole keeps the cursor where it is', () => {
    acknowledger.handled(true);

    expect(sent).toEqual([]);
  });

  it('repeats itself when the server repeats a critical event', () => {
    handle(true);
    acknowledger.repeat();

    expect(sent).toEqual([41, 41]);
  });

  it('says nothing after it was stopped', () => {
    handle();
    acknowledger.stop();
    vi.advanceTimersByTime(5000);

    expect(sent).toEqual([]);
  });
});
