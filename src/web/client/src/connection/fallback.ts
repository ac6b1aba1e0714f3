import type { Socket } from './socket.js';

export type TransportName = 'websocket' | 'stream';

/** Another way to the server where no WebSocket gets through; made by `netra-pipeline-client/fallback`. */
export interface Fallback {
  /** Its address, without parameters. */
  readonly url: string;
  /** What the next attempt to connect shall use. */
  readonly next: TransportName;
  /** `url` is the address with its parameters. */
  open(url: string, credential: string | undefined): Socket;
  /** The server has said welcome on it. */
  worked(transport: TransportName): void;
  /** It has ended before that. */
  failed(transport: TransportName): void;
  /** This may be another network: try a WebSocket next. */
  reconsider(): void;
}

/** Makes one for a client. `serverReady` says whether a server answers that takes connections, and never rejects. */
export type CreateFallback = (socketUrl: URL, serverReady: () => Promise<boolean>) => Fallback;
