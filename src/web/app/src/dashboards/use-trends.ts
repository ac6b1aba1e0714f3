import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Api } from './api';
import type { TrendPoint, TrendRange, Trends } from './documents';

/** How often the ranges that grow slowly are asked for again. */
const refreshMs = 30_000;

/** A range's points, kept up to date: the hour by the feed's latest point, the others by asking again. */
export function useTrends(api: Api, range: TrendRange, latest: TrendPoint | undefined, paused: boolean): Trends | undefined {
  const [trends, setTrends] = useState<Trends>();
  const [turn, setTurn] = useState(0);
  const hidden = useRef(false);
  useEffect(() => {
    let isOver = false;
    api.get<Trends>(api.monitoring(`trends?range=${range}`)).then(
      (next) => !isOver && setTrends(next),
      // The feed says what is wrong; what is shown stays.
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [api, range, turn]);
  useEffect(() => {
    if (paused) {
      return undefined;
    }
    const timer = setInterval(() => {
      hidden.current ||= document.visibilityState === 'hidden';
      if (document.visibilityState === 'visible' && (range !== 'hour' || hidden.current)) {
        hidden.current = false;
        setTurn((before) => before + 1);
      }
    }, refreshMs);
    return () => clearInterval(timer);
  }, [range, paused]);
  useEffect(() => {
    if (latest !== undefined) {
      setTrends((before) => (before?.range === 'hour' ? withLatest(before, latest) : before));
    }
  }, [latest]);
  return useMemo(() => (trends?.range === range ? trends : undefined), [trends, range]);
}

/** A trend with its last point replaced, or one more; what is older than an hour falls away. */
export function withLatest(trends: Trends, latest: TrendPoint): Trends {
  const oldest = latest.at - 3600;
  return { ...trends, points: [...trends.points.filter(({ at }) => at > oldest && at < latest.at), latest] };
}

/** How many seconds each range spans. */
export const spans: Readonly<Record<TrendRange, number>> = {
  hour: 3600,
  day: 86_400,
  month: 31 * 86_400,
  years: 731 * 86_400,
};

/** How many steps are shown at least: a server that has just begun has few points, which would look like many. */
const fewestSteps = 30;

/** From when to when a trend is drawn: the whole range, once there is so much of it. */
export function windowOf(trends: Trends | undefined): readonly [number, number] {
  const step = trends?.step_s ?? 10;
  const end = (trends?.points.at(-1)?.at ?? Math.floor(Date.now() / 1000)) + step;
  const first = Math.min(trends?.points[0]?.at ?? end, end - fewestSteps * step);
  return [Math.max(end - spans[trends?.range ?? 'hour'], first), end];
}

/** A measure of each point, in the order of the times; `null` where nothing was measured, so that a line breaks there. */
export function columnsOf(trends: Trends, read: readonly ((point: TrendPoint) => number)[]): (number | null)[][] {
  const times: number[] = [];
  const columns: (number | null)[][] = read.map(() => []);
  let before: number | undefined;
  for (const point of trends.points) {
    if (before !== undefined && point.at - before > trends.step_s * 1.5) {
      times.push(before + trends.step_s);
      columns.forEach((column) => column.push(null));
    }
    times.push(point.at);
    read.forEach((of, index) => {
      const value = of(point);
      columns[index]?.push(Number.isNaN(value) ? null : value);
    });
    before = point.at;
  }
  return [times, ...columns];
}

/** A gauge, or the count of a whole stretch. */
export function valueOf(measure: string): (point: TrendPoint) => number {
  return (point) => {
    const value = point[measure];
    return typeof value === 'number' ? value : 0;
  };
}

/** A count, a second. */
export function rateOf(measure: string): (point: TrendPoint) => number {
  const value = valueOf(measure);
  return (point) => (point.seconds > 0 ? value(point) / point.seconds : 0);
}

/** A latency; nothing where nothing was delivered. */
export function latencyOf(measure: string): (point: TrendPoint) => number {
  const value = valueOf(measure);
  return (point) => (valueOf('delivered')(point) > 0 ? value(point) : Number.NaN);
}
