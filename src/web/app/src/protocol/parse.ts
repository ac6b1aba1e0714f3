import { isEventType, isTerminal } from './event-types';
import type { PipelineEvent } from './events';
import { isObject, type Json, type JsonObject } from './json';
import type { ServerMessage } from './server-messages';
import { dataShapes, envelopeShape, extentShape, messageShapes, mismatch } from './shape';

export interface RunName {
  readonly threadId: string;
  readonly runId: string;
}

/** A frame that has a place in the stream. Its number counts even when the rest cannot be used. */
export interface Numbered {
  readonly kind: 'numbered';
  readonly seq: number;
  /** The run it counts in; absent when that cannot be read, and on events that were sent again by an operator. */
  readonly run?: RunName;
  /** Absent when the type is not known to this client, which is no fault, or when the event cannot be used. */
  readonly event?: PipelineEvent;
  readonly problem?: string;
}

export type Parsed =
  | Numbered
  | { readonly kind: 'message'; readonly message: ServerMessage }
  /** A type this client does not know: to be ignored, so that the protocol can grow. */
  | { readonly kind: 'unknown'; readonly type: string }
  /** Not what the protocol promises: a fault worth showing, never a reason to stop. */
  | { readonly kind: 'malformed'; readonly problem: string };

export function parse(text: unknown): Parsed {
  if (typeof text !== 'string') {
    return { kind: 'malformed', problem: 'a binary frame' };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'malformed', problem: 'a frame that is not JSON' };
  }
  if (!isObject(value) || typeof value['type'] !== 'string') {
    return { kind: 'malformed', problem: 'a frame that is not an object with a type' };
  }
  return isMessageType(value['type']) ? parseMessage(value, value['type']) : parseNumbered(value, value['type']);
}

function isMessageType(type: string): type is ServerMessage['type'] {
  return Object.hasOwn(messageShapes, type);
}

function parseMessage(value: JsonObject, type: ServerMessage['type']): Parsed {
  const problem = mismatch(value, messageShapes[type]);
  // The shape was just checked; here and below are the only places where JSON becomes a typed union.
  return problem === undefined
    ? { kind: 'message', message: value as unknown as ServerMessage }
    : { kind: 'malformed', problem: `${type} in which ${problem}` };
}

function parseNumbered(value: JsonObject, type: string): Parsed {
  const seq = value['seq'];
  const numbered = Number.isSafeInteger(seq) && (seq as number) > 0;
  if (!isEventType(type)) {
    const complete = numbered && mismatch(value, envelopeShape) === undefined;
    return complete ? { kind: 'numbered', seq: seq as number, ...runOf(value) } : { kind: 'unknown', type };
  }
  if (!numbered) {
    return { kind: 'malformed', problem: `${type} without a number` };
  }
  const frame = { kind: 'numbered', seq: seq as number, ...runOf(value) } as const;
  const problem = mismatch(value, envelopeShape) ?? mismatch(value['data'] as JsonObject, dataShapes[type]);
  if (problem !== undefined) {
    return { ...frame, problem: `${type} in which ${problem}` };
  }
  const { run: extent, ...event } = value;
  const extentProblem = isTerminal(type) ? problemOfExtent(extent) : undefined;
  // The end of a run must be shown, whatever it says about how far the run went.
  return extentProblem === undefined
    ? { ...frame, event: value as unknown as PipelineEvent }
    : { ...frame, event: event as unknown as PipelineEvent, problem: `${type} in which ${extentProblem}` };
}

function runOf(value: JsonObject): { readonly run?: RunName } {
  const { thread_id: threadId, run_id: runId, replay_of: original } = value;
  return typeof threadId === 'string' && typeof runId === 'string' && typeof original !== 'string' ? { run: { threadId, runId } } : {};
}

function problemOfExtent(extent: Json | undefined): string | undefined {
  if (extent === undefined || extent === null) {
    return undefined;
  }
  const problem = isObject(extent) ? mismatch(extent, extentShape) : 'it is not an object';
  return problem === undefined ? undefined : `"run" cannot be used: ${problem}`;
}
