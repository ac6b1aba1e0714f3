import type { Failure } from '../protocol/events.js';
import type { Json, JsonObject } from '../protocol/json.js';
import { limits } from './limits.js';
import { childrenOf, type Run } from './run.js';

export interface Question {
  readonly threadId: string;
  readonly content: string;
  /** What another client has sent with it: sending it again must send the same. */
  readonly data?: JsonObject;
  /**
   * `elsewhere`: asked in another tab, on another device, or before this page was loaded. `undelivered`: it is kept, and no backend
   * has taken it in time.
   */
  readonly state: 'sending' | 'accepted' | 'failed' | 'elsewhere' | 'undelivered';
  readonly failure?: Failure;
  /** Whether it has come back as an event, which every device and every replay gets. */
  readonly stored?: boolean;
  /** The run the server has started for it. */
  readonly runId?: string;
}

/** What a backend has said outside of any run, a notification for example. */
export interface Fact {
  readonly seq: number;
  readonly name: string;
  readonly value: Json;
}

/** A question and the run that answers it; each may be there without the other. */
export interface Exchange {
  readonly id: string;
  readonly question?: Question;
  readonly runKey?: string;
  /** What was said below it outside of runs: the latest. */
  readonly facts?: readonly Fact[];
  /** Neither of both, but a mark between them: the server ended unexpectedly here. */
  readonly interrupted?: boolean;
}

export interface Conversation {
  readonly exchanges: readonly Exchange[];
  readonly runs: ReadonlyMap<string, Run>;
  readonly omittedExchanges: number;
  /** What the thread that was last given a title is called. */
  readonly title?: string;
}

export { emptyConversation } from './nothing.js';

/** The same conversation where that changes nothing. */
export function changeExchange(conversation: Conversation, id: string, change: (exchange: Exchange) => Exchange): Conversation {
  const exchanges = conversation.exchanges.map((exchange) => (exchange.id === id ? change(exchange) : exchange));
  const changed = exchanges.some((exchange, index) => exchange !== conversation.exchanges[index]);
  return changed ? { ...conversation, exchanges } : conversation;
}

export function addExchange(conversation: Conversation, exchange: Exchange): Conversation {
  const exchanges = [...conversation.exchanges, exchange];
  const excess = exchanges.length - limits.exchanges;
  if (excess <= 0) {
    return { ...conversation, exchanges };
  }
  const runs = new Map(conversation.runs);
  exchanges.slice(0, excess).forEach((old) => forget(runs, old.runKey));
  return { ...conversation, exchanges: exchanges.slice(excess), runs, omittedExchanges: conversation.omittedExchanges + excess };
}

/** Removes a run with all that it has started. */
export function forget(runs: Map<string, Run>, key: string | undefined): void {
  if (key !== undefined) {
    const run = runs.get(key);
    runs.delete(key);
    if (run !== undefined) {
      childrenOf(run).forEach((child) => forget(runs, child));
    }
  }
}
