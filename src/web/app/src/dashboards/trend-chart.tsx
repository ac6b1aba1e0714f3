import { useMemo } from 'preact/hooks';
import { Chart } from './chart';
import type { TrendPoint, Trends } from './documents';
import { amount, duration } from './format';
import { columnsOf, latencyOf, rateOf, windowOf } from './use-trends';

/** A line of a trend: what it is called, and how it is read off a point. */
export interface Line {
  readonly label: string;
  readonly read: (point: TrendPoint) => number;
  readonly colour: 1 | 2 | 3 | 4;
}

interface Props {
  readonly title: string;
  readonly trends: Trends | undefined;
  /** The same lines each time. */
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly mark?: { readonly value: number; readonly label: string };
  /** The lowest value of the axis, unless one is lower. */
  readonly least?: number;
  readonly most?: number;
  readonly logarithmic?: boolean;
  readonly binary?: boolean;
}

/** A trend's measures over its time. */
export function TrendChart({ trends, lines, least = 0, ...chart }: Props) {
  const { times, series, across, low } = useMemo(() => {
    const [first = [], ...columns] =
      trends === undefined
        ? []
        : columnsOf(
            trends,
            lines.map(({ read }) => read),
          );
    return {
      times: first,
      series: lines.map(({ label, colour }, index) => ({ label, colour, values: columns[index] ?? [] })),
      across: windowOf(trends),
      low: Math.min(least, ...columns.flat().map((value) => value ?? least)),
    };
  }, [trends, lines, least]);
  return <Chart {...chart} times={times} series={series} across={across} least={low} />;
}

const traffic: readonly Line[] = [
  { label: 'accepted', read: rateOf('accepted'), colour: 1 },
  { label: 'delivered', read: rateOf('delivered'), colour: 3 },
  { label: 'acknowledged', read: rateOf('acknowledged'), colour: 2 },
];

/** How many events come, go out and are confirmed. */
export function TrafficChart({ trends }: Pick<Props, 'trends'>) {
  return <TrendChart title="Events a second" trends={trends} lines={traffic} format={amount} />;
}

const latency: readonly Line[] = [
  { label: 'p50', read: latencyOf('latency_p50_s'), colour: 1 },
  { label: 'p95', read: latencyOf('latency_p95_s'), colour: 2 },
  { label: 'p99', read: latencyOf('latency_p99_s'), colour: 4 },
];

/** How long deliveries take. */
export function LatencyChart({ trends, logarithmic = false }: Pick<Props, 'trends' | 'logarithmic'>) {
  return <TrendChart title="Delivery latency" trends={trends} lines={latency} format={duration} logarithmic={logarithmic} />;
}
