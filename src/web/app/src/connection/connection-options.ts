import type { ConnectionHandler } from './handler';
import type { Post } from './post';
import type { Start } from './resume';
import type { OpenSocket } from './socket';
import type { OpenStream } from './stream-socket';

export interface ConnectionOptions {
  /** The WebSocket's address, without parameters. */
  readonly url: string;
  /** What to do where no WebSocket gets through; without it, only WebSockets are tried. */
  readonly fallback?: FallbackOptions;
  /** Who connects: `user_id`, or `token`. */
  readonly parameters: Readonly<Record<string, string>>;
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
