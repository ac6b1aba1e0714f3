import type { Failure, RequestKind, ToolOutcome } from '../protocol/events.js';
import type { Json, JsonObject } from '../protocol/json.js';
import type { Usage } from './usage.js';

interface EventStep {
  readonly seq: number;
  /** The ids of the events it shows, by which a repetition is known. */
  readonly eventIds?: readonly string[];
}

export interface ThoughtStep extends EventStep {
  readonly kind: 'thought';
  readonly text: string;
  /** Set when it has come in pieces, which have this id. */
  readonly streamed?: { readonly thoughtId: string; readonly startedAt: number; readonly lastAt: number };
  readonly omittedCharacters: number;
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
  /** Where the result is that is too large for an event, as the event says it. */
  readonly resultRef?: JsonObject;
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

/** What the run asks somebody, and waits for. */
export interface RequestStep extends EventStep {
  readonly kind: 'request';
  readonly requestId: string;
  readonly asks: RequestKind;
  readonly prompt: string;
  readonly options?: readonly string[];
  /** Until when an answer is of use, in Unix time. */
  readonly until?: number;
  /** The tool call that waits. */
  readonly callId?: string;
  /** `history`: an operator has sent the question again, and nobody waits for an answer to that. */
  readonly state: 'open' | 'answered' | 'closed' | 'history';
  readonly answer?: { readonly value: Json; readonly by: string };
}

export type Step = ThoughtStep | ToolStep | CustomStep | ChildStep | RequestStep;

/** `unknown`: only events that were sent again by an operator have told of this run, and they say nothing about now. */
export type RunStatus = 'unknown' | 'running' | 'completed' | 'failed' | 'cancelled';

/** One execution of an agent, as far as its events have told. */
export interface Run {
  readonly key: string;
  readonly threadId: string;
  readonly runId: string;
  readonly agentName?: string;
  readonly status: RunStatus;
  /** Which try at the run is shown; what came of those before is not. */
  readonly attempt: number;
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
  /** What nobody has taken in time: a request to stop, or an answer. */
  readonly expired?: { readonly command: string; readonly message: string };
  readonly usage?: Usage;
  /** The thought whose pieces are coming in now. */
  readonly thinking?: string;
  readonly steps: readonly Step[];
  readonly omittedSteps: number;
  /** Runs that an earlier attempt has started: not shown, and not strangers either. */
  readonly formerChildren: readonly string[];
  readonly answer: string;
  readonly omittedCharacters: number;
}

export function isOver({ status }: Run): boolean {
  return status !== 'running' && status !== 'unknown';
}

/** The runs that this one has started, in all attempts. */
export function childrenOf(run: Run): readonly string[] {
  return [...run.formerChildren, ...run.steps.flatMap((step) => (step.kind === 'child' ? [step.runKey] : []))];
}

export function runKey(threadId: string, runId: string): string {
  return JSON.stringify([threadId, runId]);
}
