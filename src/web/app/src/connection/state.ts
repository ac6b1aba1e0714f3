import type { Welcome } from '../protocol/server-messages';
import type { TransportName } from './fallback';

/** Where a connection stands. Every change goes through `onState`, so nothing happens to it unseen. */
export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'connected'; readonly welcome: Welcome; readonly transport: TransportName }
  /** `retryAt` is Unix time in milliseconds, and absent while an attempt is under way. */
  | {
      readonly name: 'reconnecting';
      readonly attempt: number;
      readonly reason: string;
      readonly retryAt?: number;
    }
  | { readonly name: 'closed'; readonly code: number; readonly reason: string };
