import type { Api } from './api';
import type { Alert } from './documents';
import { age, words } from './format';
import { Badge, type Tone } from './parts';

/** The tone of an alert that is on. */
export function toneOfAlert({ state, severity }: Alert): Tone {
  return state === 'resolved' ? 'quiet' : state === 'pending' || severity === 'low' || severity === 'medium' ? 'warn' : 'bad';
}

/** The alerts that fire, in one line each; nothing where none does. */
export function AlertStrip({
  api,
  alerts,
  most = 5,
}: {
  readonly api: Api;
  readonly alerts: readonly Alert[];
  readonly most?: number;
}) {
  const firing = alerts.filter(({ state }) => state === 'firing');
  if (firing.length === 0) {
    return null;
  }
  const now = Date.now() / 1000;
  return (
    <section class="alert-strip" aria-label="Alerts that fire" data-testid="alert-strip">
      <ul>
        {firing.slice(0, most).map((alert) => (
          <li key={alert.id} class={toneOfAlert(alert)}>
            <Badge tone={toneOfAlert(alert)}>{alert.severity}</Badge>
            <a href={`${api.address('dashboards/websocket_alerts')}?rule=${encodeURIComponent(alert.name)}`}>
              {words(alert.name)}
            </a>
            <span>{alert.summary}</span>
            <span class="quiet">
              {age(now - alert.since)}
              {alert.level !== null && `, told ${alert.level}`}
              {alert.acknowledged_by !== undefined && `, taken by ${alert.acknowledged_by}`}
              {alert.silenced_by !== undefined && ', silenced'}
            </span>
          </li>
        ))}
      </ul>
      {firing.length > most && <a href={api.address('dashboards/websocket_alerts')}>{firing.length - most} more</a>}
    </section>
  );
}
