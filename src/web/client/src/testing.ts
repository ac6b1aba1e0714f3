export { agentEvents, makeEvent } from './testing/events.js';
export { FakeConnection } from './testing/fake-connection.js';
export { FakeServer, type FakeServerOptions, type Place, type RequestAnswer } from './testing/fake-server.js';
