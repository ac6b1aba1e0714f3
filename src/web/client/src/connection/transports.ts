import type { ConnectionOptions } from './connection-options.js';
import { Fallback, type TransportName } from './fallback.js';
import { handshakeUrl, type Resume } from './resume.js';
import { isServerReady } from './server-ready.js';
import { openBrowserSocket, type Socket } from './socket.js';
import { StreamSocket } from './stream-socket.js';
import { TicketSocket } from './ticket-socket.js';

const subprotocol = 'netra.v1';

type Parameters = ConnectionOptions['parameters'];

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
    const { url, fallback, parameters, takeTicket, start, openSocket = openBrowserSocket } = this.#options;
    this.#current = this.#fallback?.next ?? 'websocket';
    const open =
      this.#current === 'stream' && fallback !== undefined
        ? (who: Parameters) => new StreamSocket(handshakeUrl(fallback.url, who, start, resume), fallback.openStream, fallback.post)
        : (who: Parameters) => openSocket(handshakeUrl(url, who, start, resume), subprotocol);
    return takeTicket === undefined ? open(parameters) : new TicketSocket(takeTicket, (ticket) => open({ ...parameters, ticket }));
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
