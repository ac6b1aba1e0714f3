import { AlertStrip } from './alert-strip';
import { CapacityView, roomOf } from './capacity-view';
import type { Executive } from './documents';
import { amount, count, duration, percent } from './format';
import { Panel, State, Tile, Tiles, toneOf } from './parts';
import { RangeChoice, useRange } from './range-choice';
import type { ContentProps } from './shell';
import { TrendChart, type Line } from './trend-chart';
import { latencyOf, rateOf, useTrends, valueOf } from './use-trends';

const lines: Readonly<Record<'success' | 'users' | 'failures' | 'latency', readonly Line[]>> = {
  success: [{ label: 'success', read: valueOf('success_rate_min'), colour: 1 }],
  users: [{ label: 'connected', read: valueOf('users'), colour: 3 }],
  failures: [{ label: 'failures', read: rateOf('failures'), colour: 4 }],
  latency: [{ label: 'p95', read: latencyOf('latency_p95_s'), colour: 2 }],
};

/** Health and success for whoever leads: is it well, whom does it fail, where does it go. */
export function ExecutiveContent({ api, data, paused }: ContentProps<Executive>) {
  const [range, setRange] = useRange('day');
  const trends = useTrends(api, range, data.latest, paused);
  const success = data.metrics.success_rate;
  const acknowledged = data.runs_ended === 0 ? undefined : data.runs_ended_acknowledged / data.runs_ended;
  return (
    <>
      <section class={`verdict ${toneOf(data.status)}`} data-testid="verdict">
        <h1>
          <State name={data.status} />
        </h1>
        <p>
          {data.issues.length === 0
            ? 'Every event has an accounted outcome, and nobody waits for one in vain.'
            : data.issues.join(' · ')}
        </p>
      </section>
      <AlertStrip api={api} alerts={data.alerts} />
      <Tiles>
        <Tile
          label="Delivery success"
          value={percent(success)}
          tone={success >= data.min_success_rate ? 'good' : 'bad'}
          note={`of what was due in the last minute; target ${percent(data.min_success_rate)}`}
          testId="success"
        />
        <Tile
          label="Runs seen to their end"
          value={percent(acknowledged)}
          tone={acknowledged === undefined ? 'quiet' : acknowledged >= 0.999 ? 'good' : 'warn'}
          note={`of ${count(data.runs_ended)} that ended for somebody who was there`}
        />
        <Tile
          label="Silent failures"
          value={count(data.silent_failures)}
          tone={data.silent_failures === 0 ? 'good' : 'bad'}
          note="since the start; the target is 0"
          testId="silent"
        />
        <Tile
          label="Unaccounted events"
          value={count(data.ledger.unaccounted)}
          tone={data.ledger.unaccounted === 0 ? 'good' : 'bad'}
          note={`of ${count(data.ledger.accepted)} accepted`}
        />
        <Tile label="Users connected" value={count(data.capacity.users)} note={`room: ${roomOf(data.capacity)}`} />
        <Tile
          label="Delivered within"
          value={duration(data.metrics.delivery_latency?.p95_s)}
          note="for 95 of 100 events, in the last minute"
        />
      </Tiles>
      <div class="toolbar">
        <h2>Trend</h2>
        <RangeChoice range={range} onChange={setRange} />
      </div>
      <div class="grid">
        <TrendChart
          title="Lowest success rate"
          trends={trends}
          lines={lines.success}
          format={percent}
          least={0.9}
          most={1}
          mark={{ value: data.min_success_rate, label: 'target' }}
        />
        <TrendChart title="Users" trends={trends} lines={lines.users} format={amount} />
        <TrendChart title="Failures a second" trends={trends} lines={lines.failures} format={amount} />
        <TrendChart title="Delivery, 95 of 100" trends={trends} lines={lines.latency} format={duration} />
      </div>
      <Panel title="Capacity" note={`room: ${roomOf(data.capacity)}`} wide>
        <CapacityView capacity={data.capacity} />
      </Panel>
    </>
  );
}
