import { isEventType } from './event-types';
import type { PipelineEvent } from './events';
import { isObject, type JsonObject } from './json';
import type { ServerMessage } from './server-messages';
import { dataShapes, envelopeShape, messageShapes, mismatch } from './shape';

/** A frame that has a place in the stream. Its number counts even when the rest cannot be used. */
export interface Numbered {
  readonly kind: 'numbered';
  readonly seq: number;
  /** Absent when the type is not known to this client, which is no fault, or when there is a `problem`. */
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
    return numbered ? { kind: 'numbered', seq: seq as number } : { kind: 'unknown', type };
  }
  if (!numbered) {
    return { kind: 'malformed', problem: `${type} without a number` };
  }
  const problem = mismatch(value, envelopeShape) ?? mismatch(value['data'] as JsonObject, dataShapes[type]);
  return problem === undefined
    ? { kind: 'numbered', seq: seq as number, event: value as unknown as PipelineEvent }
    : { kind: 'numbered', seq: seq as number, problem: `${type} in which ${problem}` };
}
