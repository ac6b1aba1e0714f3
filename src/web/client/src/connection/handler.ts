import type { PipelineEvent } from '../protocol/events.js';
import type { RunName } from '../protocol/parse.js';
import type { CommandTaken, ErrorMessage, Gap } from '../protocol/server-messages.js';
import type { ConnectionState } from './state.js';

/** Something that must not happen, found by this client. The connection repairs it where it can; it is told in any case. */
export interface Fault {
  readonly code: 'missing_events' | 'malformed_message' | 'handler_failed';
  readonly message: string;
}

/** The range of numbers that are on their way because this client lacks them. */
export interface CatchUp {
  readonly from: number;
  readonly to: number;
}

/** A run that has ended although events of it are missing. */
export interface IncompleteRun extends RunName {
  /** How many; 0 when they have come after all. */
  readonly missing: number;
  /** Whether the server was asked for them and may still answer. */
  readonly asking: boolean;
}

/** What the application is told. The connection never calls two of these at once. */
export interface ConnectionHandler {
  onState(state: ConnectionState): void;
  /** When this returns, the event counts as processed and may be acknowledged; when it throws, it does not. */
  onEvent(event: PipelineEvent): void;
  /** Another history begins: what is shown belongs to one that nobody can continue. */
  onReset(): void;
  /** `undefined` when the client is up to date again. */
  onCatchUp(range: CatchUp | undefined): void;
  /** Events that will not come any more. */
  onGap(gap: Gap): void;
  /** Told after the run's terminal event, and again whenever it changes. */
  onIncomplete(run: IncompleteRun): void;
  /** A failure that concerns this user and answers no request. */
  onError(error: ErrorMessage): void;
  /** A backend has taken what one of the user's devices has asked for. */
  onCommandTaken(taken: CommandTaken): void;
  /** Whether the credential is about to end and no later one could be had: then somebody should sign in. */
  onCredentialEnding(ending: boolean): void;
  onFault(fault: Fault): void;
}
