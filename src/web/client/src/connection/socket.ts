/**
 * What carries a connection. It is the part of a browser's WebSocket that the connection uses; an event stream looks the same, and whoever
 * has no `WebSocket`, or another one, brings it (`ClientOptions.WebSocket`).
 */
export interface Socket {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: SocketEnd) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
  /** Whether to connect again, where that is known better than by the code. */
  readonly reconnect?: boolean;
  /** When, in milliseconds from now, where nothing speaks for waiting as after a failure. */
  readonly afterMs?: number;
}

/** A constructor like that of `WebSocket`, for example of the package `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => any;

/** Of `WebSocket`, which does not exist everywhere. */
export const socketOpen = 1;
export const socketConnecting = 0;
export const socketClosed = 3;
