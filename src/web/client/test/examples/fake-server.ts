import { PipelineClient } from 'netra-pipeline-client';
import { FakeServer } from 'netra-pipeline-client/testing';

const server = new FakeServer();
const client = new PipelineClient(
  { url: 'ws://test/ws', WebSocket: server.WebSocket, start: 'kept' },
  { onEvent: (event) => console.log(event.seq) },
);
client.connect();
server.publish('token', { delta: 'Hel' });
server.drop();
server.publish('token', { delta: 'lo' });
