import { CapacityView, roomOf } from './capacity-view';
import type { Performance } from './documents';
import { amount, bytes, count, duration, percent } from './format';
import { HeatMap } from './heat-map';
import { Panel, Tile, Tiles } from './parts';
import { RangeChoice, useRange } from './range-choice';
import type { ContentProps } from './shell';
import { LatencyChart, TrafficChart, TrendChart, type Line } from './trend-chart';
import { rateOf, useTrends, valueOf, windowOf } from './use-trends';

const lines: Readonly<Record<'users' | 'cpu' | 'memory' | 'slow', readonly Line[]>> = {
  users: [{ label: 'connected', read: valueOf('users'), colour: 3 }],
  cpu: [{ label: 'cores', read: valueOf('cpu_cores'), colour: 2 }],
  memory: [
    { label: 'memory', read: valueOf('memory_bytes'), colour: 1 },
    { label: 'buffers', read: valueOf('buffer_bytes'), colour: 3 },
  ],
  slow: [{ label: 'fell behind', read: valueOf('slow_consumers'), colour: 4 }],
};

/** How fast, how much, where it goes, and how far it can. */
export function PerformanceContent({ api, data, paused }: ContentProps<Performance>) {
  const [range, setRange] = useRange('hour');
  const trends = useTrends(api, range, data.latest, paused);
  const { delivery_latency: delivery, ack_latency: ack } = data.metrics;
  const { latest } = data;
  return (
    <>
      <h1 class="visually-hidden">Performance</h1>
      <Tiles>
        <Tile
          label="Delivery, median"
          value={duration(delivery?.p50_s)}
          note={`of ${count(delivery?.count ?? 0)} in the last minute`}
        />
        <Tile label="Delivery, 95 of 100" value={duration(delivery?.p95_s)} note={`99 of 100: ${duration(delivery?.p99_s)}`} />
        <Tile label="Acknowledged, median" value={duration(ack?.p50_s)} note={`99 of 100: ${duration(ack?.p99_s)}`} />
        <Tile
          label="Against its own past"
          value={`× ${data.latency_degradation.toFixed(1)}`}
          tone={data.latency_degradation >= 3 ? 'bad' : data.latency_degradation >= 1.5 ? 'warn' : 'good'}
          note="1 is as fast as usual"
        />
        <Tile label="Accepted a second" value={latest === undefined ? '–' : amount(rateOf('accepted')(latest))} />
        <Tile
          label="Room"
          value={data.capacity.more_users === undefined ? '–' : count(data.capacity.more_users)}
          note={roomOf(data.capacity)}
          testId="room"
        />
      </Tiles>
      <div class="toolbar">
        <h2>Latency and throughput</h2>
        <RangeChoice range={range} onChange={setRange} />
      </div>
      <div class="grid">
        <LatencyChart trends={trends} logarithmic />
        <TrafficChart trends={trends} />
      </div>
      {trends !== undefined && <HeatMap title="How long deliveries took" trends={trends} across={windowOf(trends)} />}
      <div class="toolbar">
        <h2>Load</h2>
      </div>
      <div class="grid">
        <TrendChart title="Users" trends={trends} lines={lines.users} format={amount} />
        <TrendChart title="Processor" trends={trends} lines={lines.cpu} format={amount} />
        <TrendChart title="Memory" trends={trends} lines={lines.memory} format={bytes} binary />
        <TrendChart title="Connections that fell behind" trends={trends} lines={lines.slow} format={amount} />
      </div>
      <Panel
        title="Capacity"
        note={`room: ${roomOf(data.capacity)}; queues: ${percent(data.queue.bytes / data.queue.bytes_limit)} of their memory`}
        wide
      >
        <CapacityView capacity={data.capacity} />
      </Panel>
    </>
  );
}
