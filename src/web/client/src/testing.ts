export { agentEvents, makeEvent } from './testing/events.js';
