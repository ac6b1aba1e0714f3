import { useState } from 'preact/hooks';
import { useAddress } from './address';
import type { Api } from './api';
import type { EventTrace, Undelivered, UserDetails, UserDiagnostics, UserFigures } from './documents';
import { FailureList } from './failure-list';
import { age, bytes, count, duration, moment, percent, things, words } from './format';
import { UserLink } from './links';
import { Facts, Panel, State, Table, Tile, Tiles, toneOf } from './parts';
import type { ContentProps } from './shell';
import { Timeline } from './timeline';
import { useAsked } from './use-dashboard';
import { useNow } from './use-now';

/** How often what is stored is asked for: each time is an entry in the security audit. */
const refreshMs = 10_000;

/** One user: connections and cursors, open runs, what is undelivered, and the way of an event. */
export function UsersContent({ api, data }: ContentProps<UserDiagnostics>) {
  const [user] = useAddress('user_id');
  const [tenant] = useAddress('tenant_id');
  return (
    <>
      <h1 class="visually-hidden">User diagnostics</h1>
      <UserSearch key={`${tenant}/${user}`} user={user} tenant={tenant} />
      {user !== '' && data.user === undefined && (
        <p class="page-note" role="status">
          Of <b>{user}</b> there are no figures since the start. What is stored of them stands below.
        </p>
      )}
      {data.user !== undefined && <Details api={api} user={data.user} />}
      {user !== '' && <Stored api={api} user={user} tenant={tenant} details={data.user} />}
      <Panel title={user === '' ? 'Users to begin with' : 'Other users'} note="those with the most failures first" wide>
        <Table<UserFigures>
          label="Users with the most failures"
          rows={data.users}
          keyOf={({ user_id: id, tenant_id: of }) => `${of ?? ''}/${id}`}
          empty="No user has had an event since the start."
          columns={[
            { name: 'User', cell: (row) => <UserLink api={api} user={row} /> },
            { name: 'Here', cell: ({ online, connections }) => (online ? `yes, ${connections}` : 'no') },
            { name: 'Failures', numeric: true, cell: ({ failed }) => count(failed) },
            { name: 'Accepted', numeric: true, cell: ({ accepted }) => count(accepted) },
            { name: 'Pending', numeric: true, cell: ({ pending }) => count(pending) },
            { name: 'Success', numeric: true, cell: ({ success_rate: rate }) => percent(rate) },
            { name: 'Delivery p95', numeric: true, cell: ({ delivery_latency: latency }) => duration(latency.p95_s) },
          ]}
        />
      </Panel>
    </>
  );
}

function UserSearch({ user, tenant }: { readonly user: string; readonly tenant: string }) {
  const [name, setName] = useState(user);
  const [of, setOf] = useState(tenant);
  const submit = (event: Event): void => {
    event.preventDefault();
    const query = new URLSearchParams({ ...(name !== '' && { user_id: name }), ...(of !== '' && { tenant_id: of }) });
    location.search = query.toString();
  };
  return (
    <form class="search" role="search" onSubmit={submit}>
      <label>
        User{' '}
        <input
          value={name}
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
          data-testid="user-search"
        />
      </label>
      <label>
        Tenant <input value={of} spellcheck={false} placeholder="none" onInput={(event) => setOf(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button primary">
        Look
      </button>
    </form>
  );
}

function Details({ api, user }: { readonly api: Api; readonly user: UserDetails }) {
  const [run] = useAddress('run');
  return (
    <>
      <h2 class="subject" data-testid="user">
        {user.tenant_id !== undefined && <span class="tenant">{user.tenant_id}/</span>}
        {user.user_id}
      </h2>
      <Tiles>
        <Tile
          label="Here"
          value={user.online ? 'yes' : 'no'}
          note={user.online ? `on ${things(user.connections ?? 0, 'connection')}` : 'no page answers'}
        />
        <Tile label="Success" value={percent(user.success_rate)} tone={(user.success_rate ?? 1) >= 0.95 ? 'good' : 'bad'} />
        <Tile
          label="Pending"
          value={count(user.pending)}
          note={`${count(user.acknowledged)} acknowledged so far`}
        />
        <Tile
          label="Failures"
          value={count(user.failed)}
          tone={user.failed === 0 ? 'good' : 'warn'}
          note={`${count(user.refused)} events refused`}
        />
        <Tile
          label="Delivery, 95 of 100"
          value={duration(user.delivery_latency.p95_s)}
          note={`acknowledged: ${duration(user.ack_latency.p95_s)}`}
        />
        <Tile
          label="Reconnects"
          value={count(user.reconnects)}
          note={`${count(user.dropped_total)} drops; back after ${duration(user.reconnect_average_s)}`}
        />
      </Tiles>
      <div class="columns">
        <Panel title="Connections and cursors" testId="connections" wide>
          <Table
            label="Connections"
            rows={user.open_connections}
            keyOf={({ connection_id: id }) => id}
            empty="No page is connected."
            toneOf={({ state }) => (toneOf(state) === 'bad' ? 'bad' : undefined)}
            columns={[
              { name: 'Connection', cell: ({ connection_id: id }) => <code>{id}</code> },
              { name: 'State', cell: ({ state }) => <State name={state} /> },
              { name: 'By', cell: ({ transport }) => words(transport) },
              { name: 'Written to', numeric: true, cell: ({ written }) => written },
              { name: 'Acknowledged', numeric: true, cell: ({ acknowledged }) => acknowledged },
              { name: 'Owes', numeric: true, cell: ({ written, acknowledged }) => count(Math.max(0, written - acknowledged)) },
              {
                name: 'Queue',
                numeric: true,
                cell: ({ queued_frames: frames, queued_bytes: size }) => `${count(frames)}, ${bytes(size)}`,
              },
              { name: 'Silent', numeric: true, cell: ({ silent_s: silent }) => age(silent) },
            ]}
          />
        </Panel>
        <Panel title="Open runs" wide>
          <Table
            label="Open runs"
            rows={user.open_runs}
            keyOf={({ thread_id: thread, run_id: id }) => `${thread}/${id}`}
            empty="No run is open."
            toneOf={({ run_id: id, state }) => (id === run ? 'quiet' : state === 'stalled' ? 'bad' : undefined)}
            columns={[
              { name: 'State', cell: ({ state }) => <State name={state} /> },
              { name: 'Last event', cell: ({ quiet_s: quiet }) => `${age(quiet)} ago` },
              { name: 'Agent', cell: ({ agent_name: agent }) => agent ?? '–' },
              { name: 'Thread', cell: ({ thread_id: thread }) => <code>{thread}</code> },
              { name: 'Run', cell: ({ run_id: id }) => <code>{id}</code> },
              {
                name: 'Waits for',
                cell: ({ waiting }) =>
                  waiting?.map(({ request_id: id, kind, prompt, waiting_s: since }) => (
                    <p key={id}>
                      {kind}, {age(since)}: {prompt}
                    </p>
                  )) ?? '–',
              },
            ]}
          />
        </Panel>
        <Panel title="Events by type">
          <Facts
            rows={Object.entries(user.by_type).map(([type, { accepted, refused }]) => [
              words(type),
              refused > 0 ? `${count(accepted)}, ${count(refused)} refused` : count(accepted),
            ])}
          />
        </Panel>
        <Panel title="Failures" wide>
          <FailureList api={api} label="Failures of this user" failures={user.failures} empty="None since the start." />
        </Panel>
      </div>
    </>
  );
}

interface StoredProps {
  readonly api: Api;
  readonly user: string;
  readonly tenant: string;
  /** What is known of the user besides. */
  readonly details: UserDetails | undefined;
}

function Stored({ api, user, tenant, details }: StoredProps) {
  const turn = Math.floor(useNow(refreshMs) / refreshMs);
  const [after, setAfter] = useState(0);
  const [event, setEvent] = useAddress('event');
  const of = tenant === '' ? '' : `&tenant_id=${encodeURIComponent(tenant)}`;
  const { data, problem } = useAsked<Undelivered>(
    api,
    api.address(`v1/users/${segmentOf(user)}/undelivered?limit=20&after=${after}${of}`),
    turn,
  );
  return (
    <div class="columns">
      <Panel
        title="Undelivered"
        note={
          data === undefined
            ? problem
            : `${count(data.pending)} pending; everything up to ${data.acknowledged_through} of ${data.head} is settled`
        }
        testId="undelivered"
        wide
      >
        <Table
          label="Undelivered events"
          rows={data?.events ?? []}
          keyOf={({ id }) => id}
          empty={problem ?? (data === undefined ? 'Asking…' : 'Everything was acknowledged.')}
          columns={[
            { name: 'Number', cell: ({ seq }) => seq },
            { name: 'When', cell: ({ timestamp }) => moment(timestamp) },
            { name: 'Type', cell: ({ type }) => words(type) },
            { name: 'Run', cell: ({ run_id: run }) => <code>{run === '' ? '–' : run}</code> },
            {
              name: 'Event',
              cell: ({ id }) => (
                <button type="button" class="link" onClick={() => setEvent(id, true)}>
                  <code>{id}</code>
                </button>
              ),
            },
          ]}
        />
        <div class="actions">
          {after > 0 && (
            <button type="button" class="button" onClick={() => setAfter(0)}>
              From the beginning
            </button>
          )}
          {data?.next !== undefined && (
            <button type="button" class="button" onClick={() => setAfter(data.next ?? 0)}>
              Next 20
            </button>
          )}
        </div>
      </Panel>
      <Panel title="Way of an event" testId="trace" wide>
        <TraceSearch key={event} event={event} latest={details?.latest_event_id} onLook={(id) => setEvent(id, true)} />
        {event !== '' && <Trace api={api} event={event} turn={turn} />}
      </Panel>
    </div>
  );
}

interface TraceSearchProps {
  readonly event: string;
  readonly latest: string | undefined;
  readonly onLook: (id: string) => void;
}

function TraceSearch({ event, latest, onLook }: TraceSearchProps) {
  const [id, setId] = useState(event);
  return (
    <form
      class="search"
      onSubmit={(submitted) => {
        submitted.preventDefault();
        onLook(id.trim());
      }}
    >
      <label>
        Event id{' '}
        <input value={id} spellcheck={false} onInput={(input) => setId(input.currentTarget.value)} data-testid="event-search" />
      </label>
      <button type="submit" class="button">
        Trace
      </button>
      {latest !== undefined && latest !== event && (
        <button type="button" class="button" onClick={() => onLook(latest)} data-testid="latest-event">
          The latest event
        </button>
      )}
    </form>
  );
}

function Trace({ api, event, turn }: { readonly api: Api; readonly event: string; readonly turn: unknown }) {
  const { data, problem } = useAsked<EventTrace>(api, api.address(`v1/events/${segmentOf(event)}/trace`), turn);
  return data === undefined ? <p class="empty">{problem ?? 'Asking…'}</p> : <Timeline trace={data} />;
}

/** A segment of a path. Dots alone would be taken for the folder itself, or the one above. */
function segmentOf(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E');
}
