import { expect, it } from 'vitest';
import { amount, bytes, count, duration, percent } from './format';

it('shows numbers at a size that people read', () => {
  expect([count(0), count(9999), count(12_345), count(undefined)]).toEqual(['0', '9,999', '12.3k', '–']);
  expect([amount(0.25), amount(3.14), amount(7)]).toEqual(['0.25', '3.1', '7']);
  expect([bytes(512), bytes(1536), bytes(300 * 1024 * 1024)]).toEqual(['512 B', '1.5 KiB', '300 MiB']);
});

it('never rounds what is missing away', () => {
  expect([percent(1), percent(0.99996), percent(0.5), percent(0)]).toEqual(['100 %', '99.99 %', '50.0 %', '0 %']);
});

it('shows durations in two units at most', () => {
  expect([
    duration(0.00005),
    duration(0.0012),
    duration(4.25),
    duration(59.6),
    duration(200),
    duration(3700),
    duration(200_000),
  ]).toEqual(['<0.1 ms', '1.2 ms', '4.3 s', '1 min', '3 min 20 s', '1 h 1 min', '2 d']);
});
