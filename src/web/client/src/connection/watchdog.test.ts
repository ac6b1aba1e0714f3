import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from './watchdog.js';

describe('Watchdog', () => {
  let barks: number;
  let watchdog: Watchdog;

  beforeEach(() => {
    vi.useFakeTimers();
    barks = 0;
    watchdog = new Watchdog(() => barks++);
    watchdog.start(25_000);
  });
  afterEach(() => {
    watchdog.stop();
    vi.useRealTimers();
  });

  it('speaks up once after the limit', () => {
    vi.advanceTimersByTime(24_999);
    expect(barks).toBe(0);
    vi.advanceTimersByTime(60_000);
    expect(barks).toBe(1);
  });

  it('counts from the last thing heard', () => {
    vi.advanceTimersByTime(20_000);
    watchdog.heard();
    vi.advanceTimersByTime(24_999);
    expect(barks).toBe(0);
    vi.advanceTimersByTime(1);
    expect(barks).toBe(1);
  });

  it('gives a page that was suspended time to hear what has arrived meanwhile', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_000);
    vi.advanceTimersByTime(25_000);
    expect(barks).toBe(0);

    watchdog.heard();
    now.mockRestore();
    vi.advanceTimersByTime(2_000);
    expect(barks).toBe(0);
  });

  it('is quiet after it was stopped', () => {
    watchdog.stop();
    vi.advanceTimersByTime(60_000);
    expect(barks).toBe(0);
  });
});
