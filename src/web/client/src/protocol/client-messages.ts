import type { Json, JsonObject } from './json.js';

/** A message the backend's handler answers with `accepted` or `error`, naming its id. */
export interface ChatMessage {
  readonly type: 'chat_message';
  readonly id: string;
  readonly thread_id: string;
  readonly content: string;
  readonly data?: JsonObject;
}

export interface CancelRun {
  readonly type: 'cancel_run';
  readonly id: string;
  readonly thread_id: string;
  readonly run_id: string;
}

/** What a person says to what a run asks (protocol 9.10). */
export interface Answer {
  readonly type: 'answer';
  readonly id: string;
  readonly thread_id: string;
  readonly run_id: string;
  readonly request_id: string;
  readonly value: Json;
}

/** A new credential for a connection that goes on (protocol 12.3). */
export interface Authenticate {
  readonly type: 'authenticate';
  readonly token: string;
  readonly id: string;
}

export type ClientRequest = ChatMessage | CancelRun | Answer;

export type ClientMessage =
  | ClientRequest
  | Authenticate
  | { readonly type: 'ack'; readonly seq: number }
  | { readonly type: 'pong'; readonly seq: number; readonly ts: number }
  | { readonly type: 'replay'; readonly from: number; readonly to: number };
