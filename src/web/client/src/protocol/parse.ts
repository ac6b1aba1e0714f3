import { isEventType } from './event-types.js';
import type { EventType, PipelineEvent } from './events.js';
import { isObject, type Json, type JsonObject } from './json.js';
import type { ServerMessage } from './server-messages.js';
import {
  dataShapes,
  envelopeShape,
  extentShape,
  messageShapes,
  mismatch,
  sift,
} from './shape.js';

export interface RunName {
  readonly threadId: string;
  readonly runId: string;
}

/** A frame that has a place in the stream. Its numbers count even when the rest cannot be used. */
export interface Numbered {
  readonly kind: 'numbered';
  /** The numbers it stands for: one, unless the server has joined several events (protocol 3.3). */
  readonly from: number;
  readonly seq: number;
  /** The run it counts in; absent when that cannot be read, outside of runs, and on events that were sent again by an operator. */
  readonly run?: RunName;
  /** The attempt at that run. */
  readonly attempt: number;
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

/** Reads a frame, or an event as a thread's history has it, and trusts nothing in it. */
export function parse(text: unknown): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text as string);
  } catch {
    // Binary frames are no JSON either.
  }
  if (!isObject(value) || typeof value['type'] !== 'string') {
    return { kind: 'malformed', problem: 'a frame that is not a JSON object with a type' };
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
  const numbered = isNumber(seq);
  if (!isEventType(type)) {
    return numbered && mismatch(value, envelopeShape) === undefined ? frameOf(value, seq) : { kind: 'unknown', type };
  }
  if (!numbered) {
    return { kind: 'malformed', problem: `${type} without a number` };
  }
  const frame = frameOf(value, seq);
  const problem = frame.problem ?? mismatch(value, envelopeShape) ?? mismatch(value['data'] as JsonObject, dataShapes[type]);
  if (problem !== undefined) {
    return { ...frame, problem: `${type} in which ${problem}` };
  }
  const usable = withoutUnusable(value, type);
  // What an event says must be shown, the end of a run above all, whatever it says beside it.
  return {
    ...frame,
    event: usable.value as unknown as PipelineEvent,
    ...(usable.problem !== undefined && { problem: `${type} in which ${usable.problem}` }),
  };
}

function frameOf(value: JsonObject, seq: number): Numbered {
  const first = value['from_seq'] ?? seq;
  const joined = first !== seq;
  const frame = { kind: 'numbered', from: seq, seq, ...runOf(value), attempt: isNumber(value['attempt']) ? value['attempt'] : 1 } as const;
  if (!joined) {
    return frame;
  }
  return isNumber(first) && first < seq ? { ...frame, from: first } : { ...frame, problem: '"from_seq" is not below "seq"' };
}

function isNumber(value: Json | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function runOf(value: JsonObject): { readonly run?: RunName } {
  const { thread_id: threadId, run_id: runId, replay_of: original } = value;
  const counts = typeof threadId === 'string' && typeof runId === 'string' && runId !== '' && typeof original !== 'string';
  return counts ? { run: { threadId, runId } } : {};
}

/** The event without the optional members that say nothing, or nonsense. */
function withoutUnusable(whole: JsonObject, type: EventType): { readonly value: JsonObject; readonly problem?: string | undefined } {
  let { value, problem } = sift(whole, envelopeShape);
  const extent = isObject(value['run']) ? mismatch(value['run'], extentShape) : undefined;
  if (extent !== undefined) {
    const { run: _, ...unmeasured } = value;
    value = unmeasured;
    problem ??= `"run" cannot be used: ${extent}`;
  }
  const data = sift(value['data'] as JsonObject, dataShapes[type]);
  return { value: data.value === value['data'] ? value : { ...value, data: data.value }, problem: problem ?? data.problem };
}
