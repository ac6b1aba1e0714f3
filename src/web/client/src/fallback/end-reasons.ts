import { CloseCode, closeInvalidMessage, closeLost, closeMessageTooBig } from '../protocol/close-codes.js';

/** How an event stream ends: the close code a WebSocket would have had (protocol 7), or one of the words for the lack of one. */
const codes: Readonly<Record<string, number>> = {
  client_closed: 1000,
  client_lost: closeLost,
  ping_timeout: 4408,
  unresponsive: 4410,
  stalled: 4411,
  unconfirmed: 4412,
  protocol_error: 1002,
  invalid_message: closeInvalidMessage,
  invalid_payload: 1007,
  unsupported_data: 1003,
  message_too_big: closeMessageTooBig,
  ping_flood: 1008,
  control_overflow: 1013,
  credential_expired: 4401,
  credential_revoked: CloseCode.revoked,
  identity_changed: CloseCode.identityChanged,
  user_erased: 4404,
  server_shutdown: 1012,
  isolation_violation: 1011,
  internal_error: 1011,
};

export interface StreamEnd {
  readonly code: number;
  /** More than the code says. */
  readonly detail: string;
  /** Absent when the server has not said it; then the code decides. */
  readonly reconnect?: boolean;
}

/** Reads the data of the `end` event, the last of a stream (protocol 9.3). */
export function parseEnd(data: string): StreamEnd {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { code: closeLost, detail: 'the server ended it without a readable reason' };
  }
  const { reason, reconnect } = (value ?? {}) as { readonly reason?: unknown; readonly reconnect?: unknown };
  const name = typeof reason === 'string' ? reason : 'no reason given';
  const known = Object.hasOwn(codes, name) ? codes[name] : undefined;
  return {
    code: known ?? closeLost,
    detail: known === undefined ? name : '',
    ...(typeof reconnect === 'boolean' && { reconnect }),
  };
}
