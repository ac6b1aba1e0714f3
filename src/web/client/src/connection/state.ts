import type { Welcome } from '../protocol/server-messages.js';
import type { TransportName } from './fallback.js';

/** Where a connection stands. Every change goes through `onState`, so nothing happens to it unseen. */
export type ConnectionState =
  /** The application has not asked for a connection yet, or wants none any more. */
  | { readonly name: 'disconnected'; readonly reason: string }
  /** There was no connection yet. */
  | ({ readonly name: 'connecting' } & Attempt)
  | { readonly name: 'connected'; readonly welcome: Welcome; readonly transport: TransportName }
  /** There was a connection, and the next one goes on where it ended. */
  | ({ readonly name: 'recovering' } & Attempt)
  /** Trying again would only fail in the same way. It is tried again when the application says `connect`. */
  | { readonly name: 'failed'; readonly code: number; readonly reason: string };

interface Attempt {
  /** How many attempts have ended in a row. */
  readonly attempt: number;
  /** Why there is no connection. */
  readonly reason: string;
  /** When the next one begins, in Unix time in milliseconds; absent while one is under way. */
  readonly retryAt?: number;
}
