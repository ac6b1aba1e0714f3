import { socketClosed, socketConnecting, type Socket } from '../connection/socket.js';
import { UnauthorizedError } from '../connection/credentials.js';
import { closeNoCredential } from '../protocol/close-codes.js';

/** Waits for something, and is then the socket that this opens. */
export class DeferredSocket<T> implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #open: (value: T) => Socket;
  readonly #abort = new AbortController();
  #socket: Socket | undefined;

  constructor(wait: (signal: AbortSignal) => Promise<T>, open: (value: T) => Socket) {
    this.#open = open;
    wait(this.#abort.signal).then((value) => this.#begin(value)).catch((error: unknown) => this.#failed(error));
  }

  get readyState(): number {
    return this.#abort.signal.aborted ? socketClosed : (this.#socket?.readyState ?? socketConnecting);
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(code?: number, reason?: string): void {
    this.#abort.abort();
    this.#socket?.close(code, reason);
  }

  #begin(value: T): void {
    if (!this.#abort.signal.aborted) {
      const socket = this.#open(value);
      this.#socket = socket;
      socket.onopen = (event) => this.onopen?.(event);
      socket.onmessage = (event) => this.onmessage?.(event);
      socket.onclose = (event) => this.onclose?.(event);
      socket.onerror = (event) => this.onerror?.(event);
    }
  }

  #failed(error: unknown): void {
    if (!this.#abort.signal.aborted) {
      this.#abort.abort();
      const reason = error instanceof Error ? error.message : String(error);
      this.onclose?.({ code: error instanceof UnauthorizedError ? error.code : closeNoCredential, reason });
    }
  }
}
