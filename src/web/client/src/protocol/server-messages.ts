import type { JsonObject } from './json.js';

/** The first message on every connection (protocol 2.2). */
export interface Welcome {
  readonly type: 'welcome';
  readonly connection_id: string;
  readonly user_id: string;
  /** There where the user is of a tenant (protocol 12.5). */
  readonly tenant_id?: string | null;
  readonly epoch: string;
  /** The last number given when the connection began. */
  readonly seq: number;
  /** Where the coverage of this connection's acknowledgements begins. */
  readonly from: number;
  readonly resumed: boolean;
  readonly ping_interval_ms: number;
  readonly ping_timeout_ms: number;
  readonly ack_interval_ms: number;
  readonly ack_every: number;
  /** How long the credential is valid, where it ends. */
  readonly expires_in_ms?: number | null;
  /** What the posts of an event stream carry that was opened with a ticket. */
  readonly post_key?: string | null;
}

/** Numbers `from` to `to` are not next: they follow right after (`replay`) or will not come. */
export interface Gap {
  readonly type: 'gap';
  readonly from: number;
  readonly to: number;
  readonly cause: string;
  readonly replay: boolean;
  readonly certain: boolean;
}

export type Severity = 'error' | 'critical';

export interface ErrorMessage {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
  readonly severity: Severity;
  readonly timestamp: number;
  readonly thread_id?: string;
  readonly run_id?: string;
  /** The client message this answers. */
  readonly id?: string;
  /** The event that will not come, where it is known. */
  readonly event_type?: string;
  readonly tool_name?: string;
  readonly call_id?: string;
  /** The numbers of the case; `count` where it stands for several failures. */
  readonly data?: JsonObject;
}

export interface Ping {
  readonly type: 'ping';
  readonly ts: number;
}

export interface Accepted {
  readonly type: 'accepted';
  readonly id: string;
  readonly run_id?: string;
  /** Whether the backend has it; otherwise it is kept until the backend takes it. */
  readonly taken?: boolean;
}

/** A backend has taken what the client message `id`, of any of the user's devices, has asked for. */
export interface CommandTaken {
  readonly type: 'command_taken';
  readonly id: string;
  readonly command: string;
  readonly command_id: string;
  readonly thread_id: string;
  readonly run_id?: string;
}

export interface Reconnect {
  readonly type: 'reconnect';
  readonly after_ms: number;
  readonly reason: string;
}

/** The last `reconnect` holds no longer. */
export interface Stay {
  readonly type: 'stay';
  readonly reason: string;
}

/** The credential ends so soon (protocol 12.3). */
export interface Expiring {
  readonly type: 'expiring';
  readonly expires_in_ms: number;
}

/** The connection goes on under the credential that it was sent. */
export interface Authenticated {
  readonly type: 'authenticated';
  readonly expires_in_ms?: number | null;
  readonly id?: string | null;
}

export type ServerMessage =
  | Welcome
  | Gap
  | ErrorMessage
  | Ping
  | Accepted
  | CommandTaken
  | Reconnect
  | Stay
  | Expiring
  | Authenticated;
