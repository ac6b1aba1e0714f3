import type { ConnectionOptions } from './connection-options';
import { Fallback, type TransportName } from './fallback';
import { handshakeUrl, type Resume } from './resume';
import { isServerReady } from './server-ready';
import { openBrowserSocket, type Socket } from './socket';
import { StreamSocket } from './stream-socket';

const subprotocol = 'netra.v1';

/** Opens what carries a connection: a WebSocket, or an event stream where no WebSocket gets through. */
export class Transports {
  readonly #options: ConnectionOptions;
  readonly #fallback: Fallback | undefined;
  #current: TransportName = 'websocket';

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { fallback } = options;
    this.#fallback = fallback && new Fallback(fallback.serverReady ?? (() => isServerReady(fallback.url)));
  }

  /** What was opened last. */
  get current(): TransportName {
    return this.#current;
  }

  open(resume: Resume | undefined): Socket {
    const { url, fallback, parameters, start, openSocket = openBrowserSocket } = this.#options;
    this.#current = this.#fallback?.next ?? 'websocket';
    return this.#current === 'stream' && fallback !== undefined
      ? new StreamSocket(handshakeUrl(fallback.url, parameters, start, resume), fallback.openStream, fallback.post)
      : openSocket(handshakeUrl(url, parameters, start, resume), subprotocol);
  }

  /** Whether a server answers that takes connections; never rejects. */
  serverReady(): Promise<boolean> {
    const { url, fallback } = this.#options;
    return fallback?.serverReady?.() ?? isServerReady(fallback?.url ?? url.replace(/^ws/, 'http'));
  }

  /** The server has said welcome on it. */
  worked(): void {
    this.#fallback?.worked(this.#current);
  }

  /** It has ended before that. */
  failed(): void {
    this.#fallback?.failed(this.#current);
  }

  /** This may be another network: try a WebSocket next. */
  reconsider(): void {
    this.#fallback?.reconsider();
  }
}
