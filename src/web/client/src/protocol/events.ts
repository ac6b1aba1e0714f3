import type { Json, JsonObject } from './json.js';

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
  /** The first of the numbers that the event stands for, where the server has joined several into one frame (protocol 3.3). */
  readonly from_seq?: number;
  readonly id: string;
  readonly thread_id: string;
  /** Empty when the event belongs to no run. */
  readonly run_id: string;
  /** Unix time in seconds, with a fraction. */
  readonly timestamp: number;
  readonly data: TData;
  readonly traceparent?: string;
  /** Present on frames that may repeat a number this connection has already carried. */
  readonly redelivery?: number;
  /** The id of an earlier event that an operator has sent again as this one. It counts in no run. */
  readonly replay_of?: string;
  /** Which try at the run it is of; absent on the first. */
  readonly attempt?: number;
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

export interface AgentStarted extends Lifecycle {
  readonly agent_name: string;
  readonly parent_run_id?: string;
}

export interface AgentThinking extends Lifecycle {
  readonly thought: string;
}

export interface ToolExecuting extends Lifecycle {
  readonly tool_name: string;
  readonly call_id?: string;
  readonly arguments?: Json;
}

export type ToolOutcome = 'ok' | 'failed' | 'cancelled';

export interface ToolCompleted extends Lifecycle {
  readonly tool_name: string;
  readonly call_id?: string;
  readonly status?: ToolOutcome;
  readonly duration_ms?: number;
  readonly result?: Json;
  readonly result_ref?: JsonObject;
  readonly error?: Failure;
}

export interface AgentEnded extends Lifecycle {
  readonly agent_name: string;
  readonly duration_ms?: number;
  readonly usage?: JsonObject;
}

export interface AgentFailed extends AgentEnded {
  readonly error: Failure;
}

export interface AgentCancelled extends AgentEnded {
  readonly reason?: string;
}

export interface AgentStalled extends Lifecycle {
  readonly agent_name?: string;
  readonly quiet_ms: number;
}

export type RequestKind = 'approval' | 'choice' | 'text' | 'external';

export interface RunWaiting {
  readonly request_id: string;
  /** One that is not known here is answered by something else than this page. */
  readonly kind: RequestKind;
  readonly prompt: string;
  readonly options?: readonly string[];
  /** Unix time in seconds. */
  readonly until?: number;
  readonly call_id?: string;
}

export interface RunResumed {
  readonly request_id: string;
  readonly value: Json;
  readonly by: string;
}

export interface CommandExpired {
  readonly command: string;
  readonly command_id: string;
  readonly message: string;
  readonly run_id?: string;
  /** The client message that made the command. */
  readonly id?: string;
  readonly request_id?: string;
}

export interface UserMessage {
  readonly content: string;
  /** The id that the client gave it. */
  readonly message_id: string;
  readonly data?: JsonObject;
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
  | EventEnvelope<'run_waiting', RunWaiting>
  | EventEnvelope<'run_resumed', RunResumed>
  | EventEnvelope<'command_expired', CommandExpired>
  | EventEnvelope<'token', { readonly delta: string }>
  | EventEnvelope<'thinking_delta', { readonly delta: string; readonly thought_id: string }>
  | EventEnvelope<'custom', { readonly name: string; readonly value: Json }>
  | EventEnvelope<'user_message', UserMessage>;

export type EventType = PipelineEvent['type'];

/** The types that end a run. */
export type TerminalType = 'agent_completed' | 'agent_failed' | 'agent_cancelled';

export type EventOf<TType extends EventType> = Extract<PipelineEvent, { readonly type: TType }>;
