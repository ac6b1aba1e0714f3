import type { ClientOptions } from '../connection/client-options.js';
import { PipelineClient } from '../connection/pipeline-client.js';
import { FakeSocket } from './fake-socket.js';
import { RecordingHandler } from './recording-handler.js';

/** A client on fake sockets whose waiting times are their upper bounds; it connects. */
export function createClient(
  options: Partial<ClientOptions> = {},
): { readonly client: PipelineClient; readonly handler: RecordingHandler } {
  FakeSocket.all.length = 0;
  const handler = new RecordingHandler();
  const client = new PipelineClient(
    {
      url: 'ws://127.0.0.1:5080/ws',
      ...(options.getToken === undefined && { userId: 'ada' }),
      start: 'kept',
      WebSocket: FakeSocket,
      random: () => 1,
      ...options,
    },
    handler,
  );
  client.connect();
  return { client, handler };
}
