import type { ClientOptions } from './client-options.js';
import { isTicket } from './credentials.js';
import type { Fallback, TransportName } from './fallback.js';
import type { Resume } from './resume.js';
import { isServerReady } from './server-ready.js';
import type { Socket, WebSocketConstructor } from './socket.js';

/** Opens what carries a connection: a WebSocket, or what the fallback has where no WebSocket gets through. */
export class Transports {
  /** Whether a server answers that takes connections; never rejects. */
  readonly serverReady: () => Promise<boolean>;
  readonly #options: ClientOptions;
  readonly #url: URL;
  readonly #WebSocket: WebSocketConstructor;
  readonly #fallback: Fallback | undefined;
  #current: TransportName = 'websocket';

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#url = new URL(options.url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace('http', 'ws');
    const constructor = options.WebSocket ?? globalThis.WebSocket;
    if (constructor === undefined) {
      throw new TypeError('No WebSocket is here: pass one as an option.');
    }
    this.#WebSocket = constructor;
    this.serverReady = () => isServerReady(new URL('readyz', this.#url.href.replace(/^ws/, 'http')));
    this.#fallback = options.fallback?.(this.#url, this.serverReady);
  }

  /** What was opened last. */
  get current(): TransportName {
    return this.#current;
  }

  /** Throws where there is no connecting to the address. */
  open(resume: Resume | undefined, credential?: string): Socket {
    this.#current = this.#fallback?.next ?? 'websocket';
    if (this.#current === 'stream' && this.#fallback !== undefined) {
      return this.#fallback.open(this.#address(this.#fallback.url, resume), credential);
    }
    // A browser cannot set Authorization. A ticket stands in the address, where it does no harm to be seen (protocol 12.1).
    const ticket = credential !== undefined && isTicket(credential) ? credential : undefined;
    const protocols = credential === ticket ? [] : [`bearer.${credential}`];
    return new this.#WebSocket(this.#address(this.#url, resume, ticket), ['netra.v1', ...protocols]) as Socket;
  }

  worked(): void {
    this.#fallback?.worked(this.#current);
  }

  failed(): void {
    this.#fallback?.failed(this.#current);
  }

  reconsider(): void {
    this.#fallback?.reconsider();
  }

  #address(base: string | URL, resume: Resume | undefined, ticket?: string): string {
    const { userId, tenantId, start } = this.#options;
    const url = new URL(base);
    const parameters = { user_id: userId, tenant_id: tenantId, ticket, ...(resume ?? { seq: start === 'kept' ? 0 : undefined }), join: 1 };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) {
        url.searchParams.set(name, String(value));
      }
    }
    return url.href;
  }
}
