import type { Json, JsonObject } from './json';

/** How far a run went, said by its terminal event (protocol 4.4). */
export interface RunExtent {
  /** How many events the run has, the terminal one included. */
  readonly events: number;
  readonly first_seq: number;
  readonly last_seq: number;
}

/** What every numbered event carries around its data (protocol 3.1). */
export interface EventEnvelope<TType extends string, TData> {
  readonly type: TType;
  readonly seq: number;
  readonly id: string;
  readonly thread_id: string;
  readonly run_id: string;
  /** Unix time in seconds, with a fraction. */
  readonly timestamp: number;
  readonly data: TData;
  readonly traceparent?: string;
  /** Present on frames that may repeat a number this connection has already carried. */
  readonly redelivery?: number;
  /** The id of an earlier event that an operator has sent again as this one. It counts in no run. */
  readonly replay_of?: string;
  /** On terminal events. */
  readonly run?: RunExtent;
}

export interface Lifecycle {
  readonly metadata: JsonObject;
  readonly timestamp: number;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

interface AgentStarted extends Lifecycle {
  readonly agent_name: string;
  readonly parent_run_id?: string;
}

interface AgentThinking extends Lifecycle {
  readonly thought: string;
}

interface ToolExecuting extends Lifecycle {
  readonly tool_name: string;
  readonly call_id?: string;
  readonly arguments?: Json;
}

export type ToolOutcome = 'ok' | 'failed' | 'cancelled';

interface ToolCompleted extends Lifecycle {
  readonly tool_name: string;
  readonly call_id?: string;
  readonly status?: ToolOutcome;
  readonly duration_ms?: number;
  readonly result?: Json;
  readonly error?: Failure;
}

interface AgentEnded extends Lifecycle {
  readonly agent_name: string;
  readonly duration_ms?: number;
}

interface AgentFailed extends AgentEnded {
  readonly error: Failure;
}

interface AgentCancelled extends AgentEnded {
  readonly reason?: string;
}

interface AgentStalled extends Lifecycle {
  readonly agent_name?: string;
  readonly quiet_ms: number;
}

export type PipelineEvent =
  | EventEnvelope<'agent_started', AgentStarted>
  | EventEnvelope<'agent_thinking', AgentThinking>
  | EventEnvelope<'tool_executing', ToolExecuting>
  | EventEnvelope<'tool_completed', ToolCompleted>
  | EventEnvelope<'agent_completed', AgentEnded>
  | EventEnvelope<'agent_failed', AgentFailed>
  | EventEnvelope<'agent_cancelled', AgentCancelled>
  | EventEnvelope<'agent_stalled', AgentStalled>
  | EventEnvelope<'token', { readonly delta: string }>
  | EventEnvelope<'custom', { readonly name: string; readonly value: Json }>;

export type EventType = PipelineEvent['type'];

/** The types that end a run. */
export type TerminalType = 'agent_completed' | 'agent_failed' | 'agent_cancelled';

export type EventOf<TType extends EventType> = Extract<PipelineEvent, { readonly type: TType }>;
