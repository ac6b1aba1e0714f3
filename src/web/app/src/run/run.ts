import type { Failure, ToolOutcome } from '../protocol/events';
import type { Json } from '../protocol/json';

interface EventStep {
  readonly seq: number;
  /** The ids of the events it shows, by which a repetition is known. */
  readonly eventIds?: readonly string[];
}

export interface ThoughtStep extends EventStep {
  readonly kind: 'thought';
  readonly text: string;
}

export interface ToolStep extends EventStep {
  readonly kind: 'tool';
  readonly name: string;
  readonly callId?: string;
  readonly arguments?: Json;
  /**
   * `unfinished`: the run ended without a word about this tool. `unassigned`: it has completed, or may have, and its result is shown
   * apart, since the events do not say which of several calls it is of.
   */
  readonly status: 'running' | 'unfinished' | 'unassigned' | ToolOutcome;
  /** A result of one of several open calls. `open` until as many results as calls are there. */
  readonly ofOneOf?: 'open' | 'settled';
  readonly startedAt?: number;
  readonly durationMs?: number;
  readonly result?: Json;
  readonly failure?: Failure;
}

export interface CustomStep extends EventStep {
  readonly kind: 'custom';
  readonly name: string;
  readonly value: Json;
}

/** A run that this run has started. */
export interface ChildStep extends EventStep {
  readonly kind: 'child';
  readonly runKey: string;
}

export type Step = ThoughtStep | ToolStep | CustomStep | ChildStep;

/** `unknown`: only events that were sent again by an operator have told of this run, and they say nothing about now. */
export type RunStatus = 'unknown' | 'running' | 'completed' | 'failed' | 'cancelled';

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
  /** Events that are missing although the run has ended. */
  readonly missing?: { readonly count: number; readonly asking: boolean };
  /** How many of its events an operator has sent again. */
  readonly resent?: number;
  readonly steps: readonly Step[];
  readonly omittedSteps: number;
  readonly answer: string;
  readonly omittedCharacters: number;
}

export function runKey(threadId: string, runId: string): string {
  return JSON.stringify([threadId, runId]);
}
