import type { PipelineEvent } from '../protocol/events.js';
import type { RunName } from '../protocol/parse.js';
import type { CommandTaken, ErrorMessage, Gap } from '../protocol/server-messages.js';
import type { ConnectionState } from './state.js';

/** Something that must not happen, found by this client. The connection repairs it where it can; it is told in any case. */
export interface Fault {
  readonly code: 'missing_events' | 'malformed_message' | 'handler_failed' | 'storage_failed';
  readonly message: string;
  /** What was thrown, where something was. */
  readonly cause?: unknown;
}

/** The range of numbers that are on their way because this client lacks them. */
export interface CatchUp {
  readonly from: number;
  readonly to: number;
}

/** What became of the time without a connection. */
export interface Recovery {
  /** Whether nothing is missing: the history went on, and there was no gap. */
  readonly complete: boolean;
  /** How many events were handled to get level again. */
  readonly events: number;
}

/** A run that has ended although events of it are missing. */
export interface IncompleteRun extends RunName {
  /** How many; 0 when they have come after all. */
  readonly missing: number;
  /** Whether the server was asked for them and may still answer. */
  readonly asking: boolean;
}

/** What the application is told. What one of these throws, except `onEvent`, is an uncaught error, and changes nothing here. */
export interface ClientHandlers {
  /**
   * Each event, once and in order; the next one only when this is done. When it returns, or its promise is fulfilled, the event counts as
   * processed and is acknowledged; when it throws or rejects, the event does not, `onFault` is told, and the server sends it again, after
   * later ones.
   */
  readonly onEvent: (event: PipelineEvent) => void | PromiseLike<void>;
  readonly onState?: (state: ConnectionState) => void;
  /** Numbers that will not come any more, in their place among the events. `certain: false`: nobody knows whether they ever existed. */
  readonly onGap?: (gap: Gap) => void;
  /** The client is level with the server again, after a connection that came in place of another one. */
  readonly onRecovered?: (recovery: Recovery) => void;
  /** Another history begins: what is shown belongs to one that nobody can continue. */
  readonly onReset?: () => void;
  /** What is on its way; `undefined` when the client is up to date again. */
  readonly onCatchUp?: (range: CatchUp | undefined) => void;
  /** Told after the run's terminal event, and again whenever it changes. */
  readonly onIncomplete?: (run: IncompleteRun) => void;
  /** A failure that concerns this user and answers no request. */
  readonly onError?: (error: ErrorMessage) => void;
  /** A backend has taken what one of the user's devices has asked for. */
  readonly onCommandTaken?: (taken: CommandTaken) => void;
  /** Whether the credential is about to end and no later one could be had: then somebody should sign in. */
  readonly onCredentialEnding?: (ending: boolean) => void;
  /** Without it, faults are written to the console. */
  readonly onFault?: (fault: Fault) => void;
}

type Telling = Exclude<keyof ClientHandlers, 'onEvent'>;

/** Tells the application of something other than an event. */
export type Tell = <Name extends Telling>(name: Name, ...what: Parameters<NonNullable<ClientHandlers[Name]>>) => void;

/** What the application throws must not leave the connection halfway. */
export function tellOf(handlers: ClientHandlers): Tell {
  return (name, ...what) => {
    const handler = handlers[name] as ((...what: unknown[]) => void) | undefined;
    try {
      if (handler !== undefined) {
        handler.apply(handlers, what);
      } else if (name === 'onFault') {
        console.error(...what);
      }
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
