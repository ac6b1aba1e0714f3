import { expect, it } from 'vitest';
import type { TrendPoint, Trends } from './documents';
import { columnsOf, latencyOf, rateOf, withLatest } from './use-trends';

const point = (at: number, accepted = 0, delivered = 0): TrendPoint => ({
  at,
  seconds: 10,
  accepted,
  delivered,
  latency_p50_s: 0,
  latency_counts: [],
});
const trends = (...points: TrendPoint[]): Trends => ({ range: 'hour', step_s: 10, latency_edges_s: [], points });

it('breaks lines where nothing was measured', () => {
  expect(columnsOf(trends(point(10, 50), point(20, 0), point(60, 10)), [rateOf('accepted')])).toEqual([
    [10, 20, 30, 60],
    [5, 0, null, 1],
  ]);
});

it('replaces the point that grows, and lets an hour be an hour', () => {
  const grown = withLatest(trends(point(10), point(3600, 1)), point(3600, 2));
  expect(grown.points.map(({ at, accepted }) => [at, accepted])).toEqual([
    [10, 0],
    [3600, 2],
  ]);
  expect(withLatest(grown, point(3620)).points.map(({ at }) => at)).toEqual([3600, 3620]);
});

it('shows no latency where nothing was delivered', () => {
  expect(latencyOf('latency_p50_s')(point(10))).toBeNaN();
});
