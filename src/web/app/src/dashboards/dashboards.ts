/** The dashboards' ids, as they stand in addresses and in the server's routes. */
export type DashboardId =
  'websocket_executive' | 'websocket_operations' | 'websocket_user_diagnostics' | 'websocket_performance' | 'websocket_alerts';

/** What there is to say of a dashboard before it is open. */
export interface DashboardInfo {
  readonly id: DashboardId;
  readonly name: string;
  readonly about: string;
}

/** All dashboards, in the order in which they are offered. */
export const dashboards: readonly DashboardInfo[] = [
  {
    id: 'websocket_executive',
    name: 'Executive',
    about: 'Whether delivery is healthy, whom it fails, and how much room there is.',
  },
  { id: 'websocket_operations', name: 'Operations', about: 'Everything live: traffic, queues, runs, failures, the ledger.' },
  {
    id: 'websocket_user_diagnostics',
    name: 'Users',
    about: 'One user: connections, cursors, what is undelivered, the way of an event.',
  },
  {
    id: 'websocket_performance',
    name: 'Performance',
    about: 'Latency, throughput, trends of an hour to two years, and capacity.',
  },
  { id: 'websocket_alerts', name: 'Alerts', about: 'What fires, whom it was told, rules, escalation and history.' },
];
