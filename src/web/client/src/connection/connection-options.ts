import type { ConnectionHandler } from './handler.js';
import type { Post } from './post.js';
import type { Start } from './resume.js';
import type { OpenSocket } from './socket.js';
import type { OpenStream } from './stream-socket.js';
import type { TakeTicket } from './tickets.js';

export interface ConnectionOptions {
  /** The WebSocket's address, without parameters. */
  readonly url: string;
  /** What to do where no WebSocket gets through; without it, only WebSockets are tried. */
  readonly fallback?: FallbackOptions;
  /** What the address says beside the cursor: in Development, who connects. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Elsewhere a ticket says it, another one for every attempt. */
  readonly takeTicket?: TakeTicket;
  readonly start: Start;
  readonly handler: ConnectionHandler;
  readonly openSocket?: OpenSocket;
  readonly random?: () => number;
}

export interface FallbackOptions {
  /** The event stream's address, without parameters. */
  readonly url: string;
  readonly openStream?: OpenStream;
  readonly post?: Post;
  /** Whether the server can be reached and is ready to be connected to; never rejects. */
  readonly serverReady?: () => Promise<boolean>;
}
