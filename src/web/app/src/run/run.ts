import type { Failure, ToolOutcome } from '../protocol/events';
import type { Json } from '../protocol/json';

export interface ThoughtStep {
  readonly kind: 'thought';
  readonly seq: number;
  readonly text: string;
}

export interface ToolStep {
  readonly kind: 'tool';
  readonly seq: number;
  readonly name: string;
  readonly callId?: string;
  readonly arguments?: Json;
  /** `unfinished`: the run ended without a word about this tool. */
  readonly status: 'running' | 'unfinished' | ToolOutcome;
  readonly startedAt?: number;
  readonly durationMs?: number;
  readonly result?: Json;
  readonly failure?: Failure;
}

export interface CustomStep {
  readonly kind: 'custom';
  readonly seq: number;
  readonly name: string;
  readonly value: Json;
}

/** A run that this run has started. */
export interface ChildStep {
  readonly kind: 'child';
  readonly seq: number;
  readonly runKey: string;
}

export type Step = ThoughtStep | ToolStep | CustomStep | ChildStep;

export type RunStatus = 'running' | 'completed' | 'failed' | 'cancelled';

/** One execution of an agent, as far as its events have told. */
export interface Run {
  readonly key: string;
  readonly threadId: string;
  readonly runId: string;
  readonly agentName?: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly durationMs?: number;
  readonly failure?: Failure;
  readonly reason?: string;
  /** The server's word that it has not heard of the run for this long. */
  readonly quietMs?: number;
  readonly steps: readonly Step[];
  readonly omittedSteps: number;
  readonly answer: string;
  readonly omittedCharacters: number;
}

export function runKey(threadId: string, runId: string): string {
  return JSON.stringify([threadId, runId]);
}
