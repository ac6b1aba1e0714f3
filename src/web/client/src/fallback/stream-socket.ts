import type { ClientMessage } from '../protocol/client-messages.js';
import { closeInvalidMessage, closeLost, closeMessageTooBig } from '../protocol/close-codes.js';
import { parseEnd, type StreamEnd } from './end-reasons.js';
import { Outbox } from './outbox.js';
import { postJson, PostRefused, type Post } from './post.js';
import { socketClosed, socketConnecting, socketOpen, type Socket } from '../connection/socket.js';

/** The part of a browser's `EventSource` that is used here. */
export interface EventStream {
  onmessage: ((event: { readonly data: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  addEventListener(type: 'end', listener: (event: { readonly data: string }) => void): void;
  close(): void;
}

export type OpenStream = (url: string) => EventStream;

export const openBrowserStream: OpenStream = (url) => new EventSource(url) as EventStream;

/** The parameters that say what the stream brings, and not whose it is. */
const resumeParameters = ['epoch', 'seq', 'from', 'join'];

/**
 * The answers to a message that end its stream (protocol 9.3), and how a WebSocket would have been closed. Others say nothing about the
 * message.
 */
const refusals: Readonly<Record<number, number>> = { 400: closeInvalidMessage, 413: closeMessageTooBig };

/** The answer to a client that posts faster than it may: nothing is wrong with the message, nor with the stream. */
const tooFast = 429;
/** How long nothing is posted then, where the server does not say it. */
const pauseMs = 1000;

/**
 * A server-sent event stream that looks like a WebSocket (protocol 9.3): what the server says comes on the stream, what this
 * client says goes as a request each. The browser would reconnect an `EventSource` by itself; here the connection does.
 */
export class StreamSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #url: string;
  readonly #stream: EventStream;
  readonly #post: Post;
  readonly #outbox = new Outbox((message) => this.#deliver(message), (error) => this.#undelivered(error));
  #connectionId: string | undefined;
  #postKey: string | undefined;
  #closed = false;

  constructor(url: string, openStream: OpenStream = openBrowserStream, post: Post = postJson) {
    this.#url = url;
    this.#post = post;
    this.#stream = openStream(url);
    this.#stream.onmessage = (event) => this.#receive(event.data);
    this.#stream.onerror = () => this.#end({ code: closeLost, detail: '' });
    this.#stream.addEventListener('end', (event) => this.#end(parseEnd(event.data)));
  }

  /** Open once the welcome has said to which connection messages go. */
  get readyState(): number {
    return this.#closed ? socketClosed : this.#connectionId === undefined ? socketConnecting : socketOpen;
  }

  send(text: string): void {
    this.#outbox.add(JSON.parse(text) as ClientMessage);
  }

  /** Fulfilled when what was said has arrived. */
  drained(): Promise<void> {
    return this.#outbox.idle();
  }

  close(): void {
    this.#closed = true;
    this.#outbox.close();
    this.#stream.close();
  }

  #receive(text: string): void {
    if (this.#connectionId === undefined) {
      [this.#connectionId, this.#postKey] = postAddressOf(text);
    }
    this.onmessage?.({ data: text });
  }

  #deliver(message: ClientMessage): Promise<void> {
    return message.type === 'ack' ? this.#say('ack', { seq: message.seq }) : this.#say('messages', message);
  }

  /** What is refused for coming too fast is said again when the server wants it, and what comes after it waits. */
  async #say(action: 'ack' | 'messages', body: object): Promise<void> {
    while (!this.#closed) {
      try {
        return await this.#post(this.#address(action), body);
      } catch (error) {
        if (!(error instanceof PostRefused) || error.status !== tooFast) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, error.afterMs || pauseMs));
      }
    }
  }

  /** Whose connection it is must be said here as on the stream; a ticket was good for that alone. */
  #address(action: 'ack' | 'messages'): string {
    const address = new URL(this.#url);
    resumeParameters.forEach((name) => address.searchParams.delete(name));
    if (address.searchParams.has('ticket')) {
      address.searchParams.delete('ticket');
      address.searchParams.set('post_key', this.#postKey ?? '');
    }
    address.pathname += `/${encodeURIComponent(this.#connectionId ?? '')}/${action}`;
    return address.href;
  }

  #undelivered(error: unknown): void {
    const code = (error instanceof PostRefused ? refusals[error.status] : undefined) ?? closeLost;
    this.#end({ code, detail: error instanceof Error ? error.message : String(error) });
  }

  #end({ code, detail, reconnect }: StreamEnd): void {
    if (!this.#closed) {
      this.close();
      this.onclose?.({ code, reason: detail, ...(reconnect !== undefined && { reconnect }) });
    }
  }
}

/** The rest of the welcome is the connection's to judge, and so is whatever else a stream may begin with. */
function postAddressOf(text: string): readonly [id: string | undefined, key: string | undefined] {
  try {
    const welcome = JSON.parse(text) as { readonly connection_id?: unknown; readonly post_key?: unknown } | null;
    return [textOf(welcome?.connection_id), textOf(welcome?.post_key)];
  } catch {
    return [undefined, undefined];
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
