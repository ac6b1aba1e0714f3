import type { CatchUp, ConnectionState } from 'netra-pipeline-client';
import { noNotices, type Notices } from 'netra-pipeline-client/runs';
import { noCommands, type Commands } from './commands';
import type { Seen } from './seen';
import { latest, noThreads, type Threads } from './threads';

/** Everything the page shows. */
export interface ChatState {
  readonly connection: ConnectionState;
  readonly catchUp: CatchUp | undefined;
  /** What the last catching up has brought, after a connection was lost. */
  readonly caughtUp: CaughtUp | undefined;
  /** The number of the last event shown, which is how far catching up has come. */
  readonly lastSeq: number;
  /** What came before has been removed by the server's retention. */
  readonly beginningExpired: boolean;
  readonly threads: Threads;
  /** Older ones than the server's list has said yet. */
  readonly olderThreads: OlderThreads;
  /** The thread that is open, once somebody or something has decided for one. */
  readonly open: string | undefined;
  /** The thread that begins with the next question as long as none is open. */
  readonly fresh: string;
  /** What becomes of the open thread where it has to be loaded. */
  readonly loading: { readonly threadId: string; readonly problem?: string } | undefined;
  readonly seen: Seen | undefined;
  readonly notices: Notices;
  readonly commands: Commands;
}

export interface CaughtUp {
  readonly events: number;
  /** Whether everything came that was missing. */
  readonly whole: boolean;
}

export type OlderThreads =
  | { readonly name: 'none' | 'loading' }
  | { readonly name: 'more'; readonly next: string }
  | { readonly name: 'failed'; readonly problem: string; readonly next: string | undefined };

export function initialChatState(fresh: string, open?: string): ChatState {
  return {
    connection: { name: 'disconnected', reason: 'not connected yet' },
    catchUp: undefined,
    caughtUp: undefined,
    lastSeq: 0,
    beginningExpired: false,
    threads: noThreads,
    olderThreads: { name: 'none' },
    open,
    fresh,
    loading: undefined,
    seen: undefined,
    notices: noNotices,
    commands: noCommands,
  };
}

/** The thread that is on the screen. */
export function shownThread({ open, fresh }: ChatState): string {
  return open ?? fresh;
}

/** Whoever has not chosen sees the latest thread as soon as it is known which one that is. */
export function settleOpen(state: ChatState): ChatState {
  const known = state.connection.name === 'connected' && state.catchUp === undefined;
  const thread = state.open === undefined && known ? latest(state.threads) : undefined;
  return thread === undefined ? state : { ...state, open: thread.id };
}
