import { useState } from 'preact/hooks';
import { ActionButton } from './action';
import { useAddress } from './address';
import { toneOfAlert } from './alert-strip';
import type { Api } from './api';
import type { Alert, Alerts, Silence } from './documents';
import { age, moment, words } from './format';
import { HistoryView } from './history';
import { Badge, Panel, State, Table } from './parts';
import { PolicyView } from './policy';
import type { Rights } from './rights';
import { RulesView } from './rules';
import type { ContentProps } from './shell';

const levels = ['operations', 'engineering', 'management', 'executive'];
const silenceHours = [1, 4, 24, 168];

/** What fires and what became of it; and for those who may, taking it, silencing it, and changing the rules. */
export function AlertsContent({ api, rights, data }: ContentProps<Alerts>) {
  const [rule, setRule] = useAddress('rule');
  const on = data.alerts.filter(({ state }) => state !== 'resolved');
  const over = data.alerts.filter(({ state }) => state === 'resolved');
  return (
    <>
      <section class={`verdict ${on.some(({ state }) => state === 'firing') ? 'bad' : 'good'}`} data-testid="verdict">
        <h1>{summaryOf(data.alerts)}</h1>
        {!data.alerting_enabled && <p>Alerting is off: no rule is evaluated.</p>}
        {!rights.act && <p class="quiet">You may look, and not act.</p>}
      </section>
      <ul class="alerts" data-testid="alerts" aria-label="Alerts">
        {on.map((alert) => (
          <AlertRow key={alert.id} api={api} rights={rights} alert={alert} />
        ))}
        {over.map((alert) => (
          <AlertRow key={alert.id} api={api} rights={rights} alert={alert} />
        ))}
        {data.alerts.length === 0 && <li class="empty">Nothing fires, and nothing was resolved in the last hour.</li>}
      </ul>
      {data.silences !== undefined && (
        <Panel title="Silences" note="nobody is told of what matches, and it is still listed" testId="silences" wide>
          <Silences api={api} rights={rights} silences={data.silences} />
        </Panel>
      )}
      {data.rules !== undefined && (
        <Panel title="Rules" note="evaluated every second" testId="rules" wide>
          <RulesView api={api} rights={rights} rules={data.rules} alerts={data.alerts} selected={rule} onSelect={setRule} />
        </Panel>
      )}
      {data.escalation_policy !== undefined && (
        <Panel title="Escalation" note="who is told, and when" testId="policy" wide>
          <PolicyView api={api} rights={rights} policy={data.escalation_policy} channels={data.channels} />
        </Panel>
      )}
      <Panel title="History" note="the newest first" testId="history" wide>
        <HistoryView
          api={api}
          rule={rule}
          onRule={setRule}
          turn={data.alerts.map(({ id, state, level, acknowledged_by: by }) => [id, state, level, by]).join()}
        />
      </Panel>
    </>
  );
}

function summaryOf(alerts: readonly Alert[]): string {
  const [firing, pending] = (['firing', 'pending'] as const).map(
    (wanted) => alerts.filter(({ state }) => state === wanted).length,
  );
  return firing === 0
    ? pending === 0
      ? 'Nothing fires'
      : `Nothing fires; ${pending} pending`
    : `${firing} firing${pending === 0 ? '' : `, ${pending} pending`}`;
}

interface AlertProps {
  readonly api: Api;
  readonly rights: Rights;
  readonly alert: Alert;
}

function AlertRow({ api, rights, alert }: AlertProps) {
  const [comment, setComment] = useState('');
  const [hours, setHours] = useState(1);
  const route = api.monitoring(`alerts/${encodeURIComponent(alert.id)}`);
  const labels = Object.entries(alert.labels);
  const isOpen = alert.state === 'firing';
  return (
    <li class={`alert ${toneOfAlert(alert)}`} data-testid="alert" data-alert={alert.name}>
      <div class="alert-head">
        <State name={alert.state} />
        <Badge tone={toneOfAlert(alert)}>{alert.severity}</Badge>
        <h2>{words(alert.name)}</h2>
        {labels.map(([name, value]) => (
          <code key={name}>
            {name}={value}
          </code>
        ))}
        <span class="quiet">
          since {moment(alert.since)}
          {alert.resolved_at !== undefined && `, over ${moment(alert.resolved_at)}`}
        </span>
      </div>
      <p>{alert.summary}</p>
      <div class="alert-state">
        <Ladder level={alert.level} />
        {alert.acknowledged_by !== undefined && (
          <span data-testid="acknowledged">
            Taken by <b>{alert.acknowledged_by}</b>
            {alert.acknowledged_until !== undefined && ` until ${moment(alert.acknowledged_until)}`}
          </span>
        )}
        {alert.silenced_by !== undefined && (
          <span data-testid="silenced">
            <span aria-hidden="true">◌ </span>silenced
          </span>
        )}
      </div>
      {rights.act && isOpen && (
        <div class="alert-actions">
          <label>
            <span class="visually-hidden">Comment on {words(alert.name)}</span>
            <input
              value={comment}
              placeholder="Comment"
              maxLength={1000}
              onInput={(event) => setComment(event.currentTarget.value)}
              data-testid="comment"
            />
          </label>
          <div class="actions">
            {alert.acknowledged_by === undefined && (
              <ActionButton
                label={`Acknowledge ${words(alert.name)}`}
                run={() => api.send('POST', `${route}/acknowledge`, { comment: comment.trim() })}
                testId="acknowledge"
              >
                Acknowledge
              </ActionButton>
            )}
            {alert.silenced_by === undefined && alert.name !== 'emergency' && (
              <>
                <span class="silence-for">
                  <select
                    value={hours}
                    onChange={(event) => setHours(Number(event.currentTarget.value))}
                    aria-label={`Silence ${words(alert.name)} for`}
                  >
                    {silenceHours.map((one) => (
                      <option key={one} value={one}>
                        {one < 24 ? `${one} h` : `${one / 24} d`}
                      </option>
                    ))}
                  </select>
                  <ActionButton
                    label={`Silence for a while: ${words(alert.name)}`}
                    run={() =>
                      api.send('POST', api.monitoring('silences'), {
                        rule: alert.name,
                        labels: alert.labels,
                        comment: comment.trim() || 'silenced from the dashboard',
                        duration_s: hours * 3600,
                      })
                    }
                    testId="silence"
                  >
                    Silence for
                  </ActionButton>
                </span>
              </>
            )}
            {alert.name === 'emergency' && (
              <ActionButton label="Resolve it" run={() => api.send('POST', `${route}/resolve`)}>
                Resolve
              </ActionButton>
            )}
          </div>
        </div>
      )}
    </li>
  );
}

/** Whom an alert was told, of the four levels that there are. */
function Ladder({ level }: { readonly level: string | null }) {
  const reached = level === null ? -1 : levels.indexOf(level);
  return (
    <ol class="ladder" aria-label={level === null ? 'Nobody was told' : `Told up to ${level}`} data-testid="level">
      {levels.map((name, index) => (
        <li key={name} class={index <= reached ? 'reached' : ''}>
          <span aria-hidden="true">{index <= reached ? '●' : '○'} </span>
          {name}
        </li>
      ))}
    </ol>
  );
}

function Silences({
  api,
  rights,
  silences,
}: {
  readonly api: Api;
  readonly rights: Rights;
  readonly silences: readonly Silence[];
}) {
  return (
    <Table
      label="Silences"
      rows={silences}
      keyOf={({ id }) => id}
      empty="Nothing is silenced."
      columns={[
        {
          name: 'Rule',
          cell: ({ rule, labels }) => (
            <>
              {rule === undefined ? 'every rule' : words(rule)}{' '}
              {Object.entries(labels).map(([name, value]) => (
                <code key={name}>
                  {name}={value}
                </code>
              ))}
            </>
          ),
        },
        { name: 'Why', cell: ({ comment }) => <span class="words">{comment}</span> },
        { name: 'By', cell: ({ author }) => author },
        {
          name: 'Ends in',
          numeric: true,
          cell: ({ ends_at: end }) => age(end - Date.now() / 1000),
        },
        ...(rights.act
          ? [
              {
                name: '',
                cell: ({ id, rule }: Silence) => (
                  <ActionButton
                    label={`End the silence of ${rule ?? 'every rule'}`}
                    run={() => api.send('DELETE', api.monitoring(`silences/${encodeURIComponent(id)}`))}
                    testId="unsilence"
                  >
                    End
                  </ActionButton>
                ),
              },
            ]
          : []),
      ]}
    />
  );
}
