import { AlertStrip } from './alert-strip';
import type { Operations } from './documents';
import { EmergencyControls } from './emergency';
import { FailureList } from './failure-list';
import { age, amount, bytes, count, duration, moment, percent, words } from './format';
import { UserLink } from './links';
import { Facts, Gauge, Panel, State, Table, Tile, Tiles, toneOf } from './parts';
import type { ContentProps } from './shell';
import { LatencyChart, TrafficChart, TrendChart, type Line } from './trend-chart';
import { useTrends, valueOf } from './use-trends';

const lines: Readonly<Record<'open' | 'queued', readonly Line[]>> = {
  open: [
    { label: 'connections', read: valueOf('connections'), colour: 1 },
    { label: 'runs', read: valueOf('open_runs'), colour: 2 },
  ],
  queued: [{ label: 'queued', read: valueOf('queued_frames_max'), colour: 3 }],
};

/** Everything live. */
export function OperationsContent({ api, rights, data, paused }: ContentProps<Operations>) {
  const trends = useTrends(api, 'hour', data.latest, paused);
  const { ledger, queue, metrics } = data;
  return (
    <>
      <section class="checks" aria-label="Health checks" data-testid="checks">
        <h1 class="visually-hidden">Operations</h1>
        <ul>
          {Object.entries(data.checks).map(([name, { status, description }]) => (
            <li key={name} class={toneOf(status)} title={description}>
              <span>{words(name)}</span> <State name={status} />
            </li>
          ))}
        </ul>
      </section>
      <AlertStrip api={api} alerts={data.alerts} />
      <Tiles>
        <Tile
          label="Success, last minute"
          value={percent(metrics.success_rate)}
          tone={toneOf(data.checks['notification_delivery']?.status ?? '')}
        />
        <Tile label="Connections" value={count(data.connections)} note={`${count(queue.lagging)} lagging`} />
        <Tile label="Open runs" value={count(data.open_runs)} note={`${count(data.waiting.runs)} wait for answers`} />
        <Tile label="Pending" value={count(ledger.pending)} note={`${count(ledger.pending_offline)} for users who are away`} />
        <Tile
          label="Unaccounted"
          value={count(ledger.unaccounted)}
          tone={ledger.unaccounted === 0 ? 'good' : 'bad'}
          testId="unaccounted"
        />
        <Tile
          label="Silent failures"
          value={count(data.silent_failures)}
          tone={data.silent_failures === 0 ? 'good' : 'bad'}
          testId="silent"
        />
      </Tiles>
      <div class="grid">
        <TrafficChart trends={trends} />
        <LatencyChart trends={trends} />
        <TrendChart title="Connections and runs" trends={trends} lines={lines.open} format={amount} />
        <TrendChart title="Queued events, highest" trends={trends} lines={lines.queued} format={amount} />
      </div>
      <div class="columns">
        <Panel title="Queues" note="what waits for pages, against what may">
          <div class="gauges">
            <Gauge
              label="All queues"
              share={queue.frames_limit > 0 ? queue.frames / queue.frames_limit : 0}
              text={`${count(queue.frames)} events`}
            />
            <Gauge label="Fullest queue" share={queue.fullest_share} text="of its own limit" />
            <Gauge
              label="Buffers"
              share={queue.bytes / queue.bytes_limit}
              text={`${bytes(queue.bytes)} of ${bytes(queue.bytes_limit)}`}
            />
          </div>
        </Panel>
        <Panel title="Ledger" note="what became of every event" testId="ledger">
          <Facts
            rows={[
              ['Accepted', ledger.accepted.toLocaleString('en')],
              ['Acknowledged', ledger.acknowledged.toLocaleString('en')],
              ['Pending', ledger.pending.toLocaleString('en')],
              ['Expired', ledger.expired.toLocaleString('en')],
              ['Dead-lettered', ledger.dead_lettered.toLocaleString('en')],
              ['Erased', ledger.erased.toLocaleString('en')],
              [
                'Unaccounted',
                <b key="unaccounted" class={ledger.unaccounted === 0 ? 'good' : 'bad'}>
                  {ledger.unaccounted.toLocaleString('en')}
                </b>,
              ],
            ]}
          />
        </Panel>
        <Panel title="Slowest consumers" note="the fullest queues, then what is owed">
          <Table
            label="Slowest consumers"
            rows={data.slowest_consumers}
            keyOf={({ connection_id: id }) => id}
            empty="Nobody is behind."
            toneOf={({ state }) => (toneOf(state) === 'bad' ? 'bad' : undefined)}
            columns={[
              { name: 'User', cell: (consumer) => <UserLink api={api} user={consumer} /> },
              { name: 'State', cell: ({ state }) => <State name={state} /> },
              {
                name: 'Queue',
                numeric: true,
                cell: ({ queued_frames: frames, frames_limit: limit }) => `${count(frames)} / ${count(limit)}`,
              },
              { name: 'Owes', numeric: true, cell: ({ unacknowledged }) => count(unacknowledged) },
              { name: 'Silent', numeric: true, cell: ({ silent_s: silent }) => age(silent) },
            ]}
          />
        </Panel>
        <Panel title="Failures by code" note="last minute, and since the start" testId="failures-by-code">
          <Table
            label="Failures by code"
            rows={data.failures_by_code}
            keyOf={({ code }) => code}
            empty="None since the start."
            toneOf={({ last_minute: now, silent_failure: silent }) =>
              now === 0 ? undefined : silent === undefined ? 'warn' : 'bad'
            }
            columns={[
              {
                name: 'Code',
                cell: ({ code, silent_failure: silent }) => (
                  <>
                    {words(code)}
                    {silent !== undefined && <span class="quiet"> silent</span>}
                  </>
                ),
              },
              { name: 'Minute', numeric: true, cell: ({ last_minute: times }) => count(times) },
              { name: 'Total', numeric: true, cell: ({ total }) => count(total) },
            ]}
          />
        </Panel>
        <Panel title="Live runs" note="the longest silent first" testId="live-runs" wide>
          <Table
            label="Live runs"
            rows={data.live_runs}
            keyOf={({ user_id: user, thread_id: thread, run_id: run, tenant_id: tenant }) =>
              `${tenant ?? ''}/${user}/${thread}/${run}`
            }
            empty="No run is open."
            toneOf={({ state }) => (state === 'stalled' ? 'bad' : undefined)}
            columns={[
              { name: 'Last event', cell: ({ quiet_s: quiet }) => `${age(quiet)} ago` },
              { name: 'State', cell: ({ state }) => <State name={state} /> },
              { name: 'Agent', cell: ({ agent_name: agent }) => agent ?? '–' },
              { name: 'User', cell: (run) => <UserLink api={api} user={run} run={run.run_id} /> },
              { name: 'Thread', cell: ({ thread_id: thread }) => <code>{thread}</code> },
              { name: 'Run', cell: ({ run_id: run }) => <code>{run}</code> },
              { name: 'Attempt', numeric: true, cell: ({ attempt }) => attempt },
            ]}
          />
        </Panel>
        <Panel title="Waiting for people" note={`${count(data.waiting.overdue_answers)} overdue`} wide>
          <Table
            label="Runs that wait for answers"
            rows={data.waiting_runs}
            keyOf={({ user_id: user, thread_id: thread, run_id: run }) => `${user}/${thread}/${run}`}
            empty="No run waits for an answer."
            toneOf={({ overdue }) => (overdue > 0 ? 'warn' : undefined)}
            columns={[
              { name: 'Waits', cell: ({ waiting_s: waiting }) => age(waiting) },
              {
                name: 'Questions',
                numeric: true,
                cell: ({ requests, overdue }) => (overdue > 0 ? `${requests}, ${overdue} overdue` : requests),
              },
              { name: 'Agent', cell: ({ agent_name: agent }) => agent ?? '–' },
              { name: 'User', cell: (run) => <UserLink api={api} user={run} run={run.run_id} /> },
              { name: 'Run', cell: ({ run_id: run }) => <code>{run}</code> },
            ]}
          />
        </Panel>
        <Panel title="Silent failures" note="events and runs that would have gone unnoticed" testId="silent-feed" wide>
          <FailureList
            api={api}
            label="Silent failures"
            failures={data.silent_failure_feed}
            empty="None: nothing was lost without a word."
          />
        </Panel>
        <Panel title="Failures" note="the latest 50" testId="failure-feed" wide>
          <FailureList api={api} label="Failures" failures={data.failures} empty="None since the start." filtered />
        </Panel>
        <Panel title="System" note={`version ${data.version}`}>
          <Facts
            rows={[
              ['Bridge', <State key="bridge" name={data.bridge.state} />],
              ['Log', data.log.trouble ?? `well, epoch ${data.log.epoch}`],
              ['Canary', `${count(data.canary.passes)} passed, ${count(data.canary.consecutive_failures ?? 0)} failed in a row`],
              ['Monitoring', data.monitoring_enabled ? 'on' : 'off'],
              ['Alerting', data.alerting_enabled ? 'on' : 'off'],
              ['Memory', bytes(data.process.working_set_bytes)],
              ['Open files', percent(data.process.handle_usage)],
              ['Thread pool', `${duration(data.process.thread_pool_delay_s)} until a thread is free`],
              [
                'Recovered',
                `${count(data.remediation.connections_recovered)} of ${count(data.remediation.connections_ended)} connections ended for it`,
              ],
              [
                'Last remedy',
                data.remediation.steps[0] === undefined
                  ? 'none'
                  : `${data.remediation.steps[0].remedy}: ${data.remediation.steps[0].outcome}, ${moment(data.remediation.steps[0].at)}`,
              ],
            ]}
          />
        </Panel>
        <Panel title="By hand" note={rights.act ? 'recorded with your name' : 'you may look, and not act'}>
          <EmergencyControls api={api} rights={rights} emergency={data.emergency_mode} drain={data.drain} />
        </Panel>
      </div>
    </>
  );
}
