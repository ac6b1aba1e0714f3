import type { GetToken } from './credentials.js';
import type { CreateFallback } from './fallback.js';
import type { PositionStorage, Start } from './resume.js';
import type { WebSocketConstructor } from './socket.js';

/** What a client is made of; only `url` is needed. */
export interface ClientOptions {
  /** Where the server's WebSocket is (`/ws` by default), without parameters; in a page it may be relative to it. */
  readonly url: string | URL;
  /** Who connects, where that is not authenticated: in Development. */
  readonly userId?: string;
  readonly tenantId?: string;
  /** Elsewhere this says who connects. */
  readonly getToken?: GetToken;
  /** Where a client without history begins: `now` (the default), or with everything that is `kept`. */
  readonly start?: Start;
  /**
   * Where the position is kept, so that a page that is loaded again goes on where it was: `keepIn(sessionStorage)` of
   * `netra-pipeline-client/storage`. Without it each load begins at `start`. Only for applications that keep what they were told: the
   * events up to the position are not told again.
   */
  readonly storage?: PositionStorage;
  /** The constructor of WebSockets, where there is none, as in Node 20. */
  readonly WebSocket?: WebSocketConstructor;
  /** What to do where no WebSocket gets through: `eventStreams()` of `netra-pipeline-client/fallback`. Else only WebSockets are tried. */
  readonly fallback?: CreateFallback;
  /** Aborting it disconnects, for good. */
  readonly signal?: AbortSignal;
  /** Whether to use what the browser tells of the network and of the page being seen; `true` by default. */
  readonly followBrowser?: boolean;
  /** How long a handshake, with its credential and its welcome, may take; 10,000 ms by default. */
  readonly connectTimeoutMs?: number;
  /** How long a request waits for a connection and its answer; 10,000 ms by default. */
  readonly requestTimeoutMs?: number;
  /** How many requests may wait; more are rejected. 32 by default. */
  readonly maxRequests?: number;
  /**
   * How many frames may wait for `onEvent`. When more do, the client leaves, and comes back for the rest when those are handled. 1,024 by
   * default.
   */
  readonly maxQueued?: number;
  /** For tests: a number from 0 to 1, like `Math.random`. */
  readonly random?: () => number;
}
