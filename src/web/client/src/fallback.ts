export { backoff } from './connection/backoff.js';
export { eventStreams, type EventStreamOptions } from './fallback/event-streams.js';
export { explain } from './fallback/explain.js';
export { PostRefused, type Post } from './fallback/post.js';
export type { EventStream, OpenStream } from './fallback/stream-socket.js';
export type { Browser, Channel, Locks } from './fallback/shared-stream.js';
