import { Connection } from '../connection/connection.js';
import type { FallbackOptions } from '../connection/connection-options.js';
import type { TakeTicket } from '../connection/tickets.js';
import { FakeSocket } from './fake-socket.js';
import { RecordingHandler } from './recording-handler.js';

/** A connection on fake sockets whose waiting times are their upper bounds. */
export function createConnection(
  fallback?: FallbackOptions,
  takeTicket?: TakeTicket,
): { readonly connection: Connection; readonly handler: RecordingHandler } {
  FakeSocket.all.length = 0;
  const handler = new RecordingHandler();
  const connection = new Connection({
    url: 'ws://127.0.0.1:5080/ws',
    ...(takeTicket === undefined ? { parameters: { user_id: 'ada' } } : { parameters: {}, takeTicket }),
    ...(fallback !== undefined && { fallback }),
    start: 'kept',
    handler,
    openSocket: (url, subprotocol) => new FakeSocket(url, subprotocol),
    random: () => 1,
  });
  connection.connect();
  return { connection, handler };
}
