import { CloseCode } from '../protocol/close-codes.js';
import { socketClosed, socketConnecting, type Socket } from './socket.js';
import { TicketRefused, type TakeTicket } from './tickets.js';

/** Takes a ticket, and is then what it opens: every handshake needs a ticket of its own. */
export class TicketSocket implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #open: (ticket: string) => Socket;
  #socket: Socket | undefined;
  #closed = false;

  constructor(takeTicket: TakeTicket, open: (ticket: string) => Socket) {
    this.#open = open;
    takeTicket().then((ticket) => this.#begin(ticket), (error: unknown) => this.#refused(error));
  }

  get readyState(): number {
    return this.#closed ? socketClosed : (this.#socket?.readyState ?? socketConnecting);
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(code?: number, reason?: string): void {
    this.#closed = true;
    this.#socket?.close(code, reason);
  }

  #begin(ticket: string): void {
    if (!this.#closed) {
      const socket = this.#open(ticket);
      this.#socket = socket;
      socket.onopen = (event) => this.onopen?.(event);
      socket.onmessage = (event) => this.onmessage?.(event);
      socket.onclose = (event) => this.onclose?.(event);
      socket.onerror = (event) => this.onerror?.(event);
    }
  }

  #refused(error: unknown): void {
    if (!this.#closed) {
      this.#closed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.onclose?.({ code: error instanceof TicketRefused ? error.code : CloseCode.noTicket, reason });
    }
  }
}
