import type { Socket } from '../connection/socket.js';
import type { ClientMessage } from '../protocol/client-messages.js';
import type { PipelineEvent } from '../protocol/events.js';
import type { Gap, ServerMessage } from '../protocol/server-messages.js';
import type { FakeServer } from './fake-server.js';

/** A WebSocket to a fake server. What it says arrives a moment later, like everything else that comes over a network. */
export class FakeConnection implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readyState = 0;
  /** What the client has said, in order. */
  readonly said: ClientMessage[] = [];
  /** How the client has said goodbye. */
  closedWith: number | undefined;
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly #server: FakeServer;
  #written = 0;
  #welcomed = false;

  constructor(server: FakeServer, url: URL, protocols: readonly string[]) {
    this.#server = server;
    this.url = url;
    this.protocols = protocols;
    queueMicrotask(() => (server.down ? this.end(1006, '') : this.#open()));
  }

  /** Whether the server has said welcome, and the connection is there. */
  get welcomed(): boolean {
    return this.#welcomed && this.readyState === 1;
  }

  /** The last number that the client was told. */
  get written(): number {
    return this.#written;
  }

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    this.said.push(message);
    queueMicrotask(() => {
      if (this.readyState === 1) {
        this.#server.handle(message, this);
      }
    });
  }

  close(code = 1000): void {
    this.closedWith ??= code;
    this.readyState = 3;
  }

  // From here on: what the server does.

  /** Says something without a number, or something again. */
  tell(message: ServerMessage | PipelineEvent): void {
    if (this.readyState === 1) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }
  }

  deliver(entry: PipelineEvent | Gap): void {
    const next = this.#written + 1;
    this.#written = Math.max(this.#written, entry.type === 'gap' ? entry.to : entry.seq);
    this.tell(entry.type === 'gap' ? { ...entry, from: Math.max(next, entry.from) } : entry);
  }

  end(code: number, reason: string): void {
    if (this.readyState !== 3) {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  }

  #open(): void {
    if (this.readyState === 3) {
      return;
    }
    this.readyState = 1;
    this.onopen?.(undefined as never);
    const { epoch, head, options } = this.#server;
    const query = this.url.searchParams;
    const asked = query.get('seq');
    const cursor = Number(asked);
    const resumed = asked !== null && query.get('epoch') === epoch && cursor <= head;
    const begin = resumed ? cursor : asked === null ? head : 0;
    const expired = this.#server.after(begin)[0];
    const from = resumed ? Number(query.get('from') ?? cursor) : expired?.type === 'gap' && expired.from <= begin + 1 ? expired.to : begin;
    this.#written = resumed ? cursor : from;
    this.tell({
      type: 'welcome',
      connection_id: `c-${this.#server.connections.indexOf(this) + 1}`,
      user_id: options.userId,
      epoch,
      seq: head,
      from,
      resumed,
      ping_interval_ms: options.pingIntervalMs,
      ping_timeout_ms: options.pingTimeoutMs,
      ack_interval_ms: options.ackIntervalMs,
      ack_every: options.ackEvery,
      ...(options.credentialMs !== undefined && { expires_in_ms: options.credentialMs }),
    });
    this.#welcomed = true;
    this.#server.after(this.#written).forEach((entry) => this.deliver(entry));
  }
}
