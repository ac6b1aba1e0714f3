/**
 * What carries a connection. It is the part of a browser's WebSocket that the connection uses; an event stream looks the same
 * (`StreamSocket`), and tests bring their own.
 */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string; readonly reconnect?: boolean }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type OpenSocket = (url: string, subprotocol: string) => Socket;

export const openBrowserSocket: OpenSocket = (url, subprotocol) => new WebSocket(url, subprotocol) as Socket;

/** Of `WebSocket`, which does not exist where there is no browser. */
export const socketOpen = 1;
export const socketConnecting = 0;
export const socketClosed = 3;
