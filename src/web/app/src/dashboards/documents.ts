/** What the server's routes answer (docs/protocol.md, section 11). Only what the pages read is named. */

export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly issues: readonly string[];
  readonly silent_failures: number;
  readonly metrics: DeliveryMetrics;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly description: string }>>;
  readonly timestamp: number;
}

export interface Latency {
  readonly count: number;
  readonly average_s?: number;
  readonly p50_s?: number;
  readonly p95_s?: number;
  readonly p99_s?: number;
}

export interface DeliveryMetrics {
  readonly success_rate: number;
  readonly accepted_last_minute: number;
  readonly acknowledged_last_minute: number;
  readonly delivery_latency?: Latency;
  readonly ack_latency?: Latency;
}

export interface Ledger {
  readonly accepted: number;
  readonly acknowledged: number;
  readonly pending: number;
  readonly pending_offline: number;
  readonly expired: number;
  readonly dead_lettered: number;
  readonly erased: number;
  readonly unaccounted: number;
  readonly streams: number;
}

/** Counts are of the whole stretch, gauges are means; every measure has its name. */
export interface TrendPoint {
  readonly at: number;
  readonly seconds: number;
  readonly latency_counts: readonly number[];
  readonly [measure: string]: number | readonly number[];
}

export type TrendRange = 'hour' | 'day' | 'month' | 'years';

export interface Trends {
  readonly range: TrendRange;
  readonly step_s: number;
  readonly latency_edges_s: readonly number[];
  readonly points: readonly TrendPoint[];
}

export interface CapacityLimit {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  readonly per_user?: number;
  readonly more_users?: number;
}

export interface Capacity {
  readonly users: number;
  readonly more_users?: number;
  readonly first_limit?: string;
  readonly limits: readonly CapacityLimit[];
}

export interface Queue {
  readonly frames: number;
  readonly frames_limit: number;
  readonly bytes: number;
  readonly bytes_limit: number;
  readonly fullest_share: number;
  readonly lagging: number;
}

export interface Named {
  readonly user_id: string;
  readonly tenant_id?: string;
}

export interface LiveRun extends Named {
  readonly thread_id: string;
  readonly run_id: string;
  readonly agent_name: string | null;
  readonly attempt: number;
  readonly state: 'running' | 'waiting' | 'stalled';
  readonly quiet_s: number;
}

export interface WaitingRun extends Named {
  readonly thread_id: string;
  readonly run_id: string;
  readonly agent_name: string | null;
  readonly requests: number;
  readonly overdue: number;
  readonly waiting_s: number;
}

export interface Consumer extends Named {
  readonly connection_id: string;
  readonly transport: string;
  readonly state: string;
  readonly queued_frames: number;
  readonly frames_limit: number;
  readonly queued_bytes: number;
  readonly bytes_limit: number;
  readonly unacknowledged: number;
  readonly silent_s: number;
}

export interface FailureCode {
  readonly code: string;
  readonly silent_failure?: string;
  readonly last_minute: number;
  readonly total: number;
}

export interface FailureEntry {
  readonly at: number;
  readonly code: string;
  readonly operation: string;
  readonly message: string;
  readonly count: number;
  readonly user_id: string | null;
  readonly tenant_id?: string;
  readonly thread_id: string | null;
  readonly run_id: string | null;
}

export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface Alert {
  readonly id: string;
  readonly name: string;
  readonly severity: Severity;
  readonly state: 'pending' | 'firing' | 'resolved';
  readonly since: number;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly level: string | null;
  readonly acknowledged_by?: string;
  readonly acknowledged_until?: number;
  readonly silenced_by?: string;
  readonly resolved_at?: number;
}

export interface Executive extends Health {
  readonly alerts: readonly Alert[];
  readonly users: number;
  readonly runs_ended: number;
  readonly runs_ended_acknowledged: number;
  readonly ledger: Ledger;
  readonly capacity: Capacity;
  readonly min_success_rate: number;
  readonly latest?: TrendPoint;
}

export interface SystemHealth extends Health {
  readonly stale_threads: readonly (Named & { readonly run_id: string })[];
  readonly waiting_runs: readonly WaitingRun[];
  readonly stuck_tools: readonly (Named & { readonly run_id: string; readonly tool_name: string; readonly running_s: number })[];
  readonly monitoring_enabled: boolean;
  readonly alerting_enabled: boolean;
  readonly bridge: { readonly state: string; readonly failure: string | null; readonly initializations: number };
  readonly emergency_mode: { readonly on: boolean; readonly reason?: string };
  readonly drain: { readonly on: boolean; readonly reason?: string; readonly left?: number; readonly connections?: number };
  readonly canary: { readonly status?: string; readonly passes?: number; readonly consecutive_failures?: number };
  readonly ledger: Ledger;
  readonly log: { readonly epoch: string; readonly trouble: string | null };
  readonly process: {
    readonly working_set_bytes: number;
    readonly memory_growth_bytes_per_hour: number;
    readonly handle_usage: number;
    readonly thread_pool_delay_s: number;
  };
  readonly remediation: {
    readonly connections_ended: number;
    readonly connections_recovered: number;
    readonly steps: readonly { readonly at: number; readonly remedy: string; readonly step: string; readonly outcome: string }[];
  };
  readonly connections: number;
  readonly loaded_streams: number;
  readonly open_runs: number;
  readonly waiting: { readonly runs: number; readonly overdue_answers: number; readonly oldest_s: number };
  readonly version: string;
}

export interface Operations extends SystemHealth {
  readonly alerts: readonly Alert[];
  readonly queue: Queue;
  readonly live_runs: readonly LiveRun[];
  readonly slowest_consumers: readonly Consumer[];
  readonly failures_by_code: readonly FailureCode[];
  readonly silent_failure_feed: readonly FailureEntry[];
  readonly failures: readonly FailureEntry[];
  readonly latest?: TrendPoint;
}

export interface Performance extends SystemHealth {
  readonly queue: Queue;
  readonly capacity: Capacity;
  readonly latency_degradation: number;
  readonly latest?: TrendPoint;
}

export interface UserFigures extends Named {
  readonly attempted: number;
  readonly accepted: number;
  readonly refused: number;
  readonly delivered: number;
  readonly acknowledged?: number;
  readonly pending?: number;
  readonly expired?: number;
  readonly dead_lettered?: number;
  readonly success_rate?: number;
  readonly connections?: number;
  readonly online?: boolean;
  readonly failed: number;
  readonly by_type: Readonly<Record<string, { readonly accepted: number; readonly refused: number }>>;
  readonly delivery_latency: Latency;
  readonly ack_latency: Latency;
  readonly connected_total: number;
  readonly dropped_total: number;
  readonly reconnects: number;
  readonly reconnect_average_s: number;
  readonly runs_ended: number;
  readonly runs_ended_acknowledged: number;
}

export interface OpenConnection {
  readonly connection_id: string;
  readonly transport: string;
  readonly state: string;
  readonly written: number;
  readonly acknowledged: number;
  readonly queued_frames: number;
  readonly queued_bytes: number;
  readonly silent_s: number;
}

export interface OpenRequest {
  readonly request_id: string;
  readonly kind: string;
  readonly prompt: string;
  readonly until?: number;
  readonly waiting_s: number;
}

export interface OpenRun {
  readonly thread_id: string;
  readonly run_id: string;
  readonly agent_name: string | null;
  readonly state: string;
  readonly quiet_s: number;
  readonly waiting?: readonly OpenRequest[];
}

export interface UserDetails extends UserFigures {
  readonly latest_event_id?: string;
  readonly open_connections: readonly OpenConnection[];
  readonly open_runs: readonly OpenRun[];
  readonly failures: readonly FailureEntry[];
}

export interface UserDiagnostics extends Health {
  readonly user?: UserDetails;
  readonly users: readonly UserFigures[];
}

export interface Undelivered {
  readonly head: number;
  readonly acknowledged_through: number;
  readonly pending: number;
  readonly events: readonly {
    readonly id: string;
    readonly seq: number;
    readonly type: string;
    readonly thread_id: string;
    readonly run_id: string;
    readonly timestamp: number;
  }[];
  readonly next?: number;
}

export interface EventTrace {
  readonly id: string;
  readonly user_id: string;
  readonly seq: number;
  readonly type?: string;
  readonly thread_id?: string;
  readonly run_id?: string;
  readonly state: string;
  readonly steps: readonly { readonly stage: string; readonly at: number; readonly connection_id?: string }[];
  readonly complete: boolean;
}

export interface Rule {
  readonly name: string;
  readonly enabled: boolean;
  readonly severity: Severity;
  readonly threshold: number;
  readonly clear_threshold: number;
  readonly for_s: number;
  readonly keep_firing_s: number;
  readonly signal: string;
  readonly comparison: string;
  readonly summary: string;
  readonly description: string;
}

export interface PolicyStep {
  readonly level: string;
  readonly delay_s: number;
  readonly channels: readonly string[];
}

export interface Policy {
  readonly steps: readonly PolicyStep[];
  readonly always_inform: readonly { readonly rule: string; readonly level: string }[];
  readonly acknowledge_timeout_s: number;
}

export interface Silence {
  readonly id: string;
  readonly rule?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly comment: string;
  readonly author: string;
  readonly created_at: number;
  readonly ends_at: number;
}

export interface Alerts extends Health {
  readonly alerting_enabled: boolean;
  readonly alerts: readonly Alert[];
  readonly rules?: readonly Rule[];
  readonly escalation_policy?: Policy;
  readonly silences?: readonly Silence[];
  readonly channels: readonly string[];
}

export interface HistoryEntry {
  readonly number: number;
  readonly at: number;
  readonly what: string;
  readonly alert_id?: string;
  readonly name?: string;
  readonly detail: string;
}

export interface History {
  readonly history: readonly HistoryEntry[];
  readonly next?: number;
}
