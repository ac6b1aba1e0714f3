import type { IncompleteRun } from '../connection/handler';
import type { Failure, PipelineEvent } from '../protocol/events';
import type { Accepted } from '../protocol/server-messages';
import { limits } from './limits';
import { runKey, type Run } from './run';
import { applyReplayed } from './replayed';
import { addStep, applyEvent, beginRun } from './run-reducer';

export interface Question {
  readonly threadId: string;
  readonly content: string;
  /** `elsewhere`: asked in another tab, on another device, or before this page was loaded. */
  readonly state: 'sending' | 'accepted' | 'failed' | 'elsewhere';
  readonly failure?: Failure;
  /** The run the server has started for it. */
  readonly runId?: string;
}

/** A question and the run that answers it; each may be there without the other. */
export interface Exchange {
  readonly id: string;
  readonly question?: Question;
  readonly runKey?: string;
  /** Neither of both, but a mark between them: the server ended unexpectedly here. */
  readonly interrupted?: boolean;
}

export interface Conversation {
  readonly exchanges: readonly Exchange[];
  readonly runs: ReadonlyMap<string, Run>;
  readonly omittedExchanges: number;
}

export const emptyConversation: Conversation = { exchanges: [], runs: new Map(), omittedExchanges: 0 };

/** A shorter beginning says too little about which question was meant. */
const minPreview = 100;

/** The person has asked something, for the first time or again. */
export function ask(conversation: Conversation, id: string, threadId: string, content: string): Conversation {
  const question: Question = { threadId, content, state: 'sending' };
  return conversation.exchanges.some((exchange) => exchange.id === id)
    ? changeExchange(conversation, id, (exchange) => ({ ...exchange, question }))
    : addExchange(conversation, { id, question });
}

export function accept(conversation: Conversation, { id, run_id: runId }: Accepted): Conversation {
  const question = conversation.exchanges.find((exchange) => exchange.id === id)?.question;
  if (question === undefined) {
    return conversation;
  }
  const { failure: _, ...unfailed } = question;
  const accepted: Question = { ...unfailed, state: 'accepted', ...(runId !== undefined && { runId }) };
  const key = runId === undefined ? undefined : runKey(question.threadId, runId);
  const known = key !== undefined && conversation.runs.has(key);
  // The run may have been faster than the answer, and then stands alone.
  const exchanges = conversation.exchanges.filter((exchange) => exchange.id === id || key === undefined || exchange.runKey !== key);
  return changeExchange({ ...conversation, exchanges }, id, (exchange) => ({
    ...exchange,
    question: accepted,
    ...(known && { runKey: key }),
  }));
}

export function refuse(conversation: Conversation, id: string, failure: Failure): Conversation {
  return changeExchange(conversation, id, (exchange) =>
    exchange.question === undefined || exchange.runKey !== undefined
      ? exchange
      : { ...exchange, question: { ...exchange.question, state: 'failed', failure } },
  );
}

export function applyToConversation(conversation: Conversation, event: PipelineEvent): Conversation {
  const key = runKey(event.thread_id, event.run_id);
  const known = conversation.runs.get(key);
  const apply = event.replay_of === undefined ? applyEvent : applyReplayed;
  const run = apply(known ?? beginRun(event), event);
  const runs = new Map(conversation.runs).set(key, run);
  return known === undefined ? place({ ...conversation, runs }, run, event) : { ...conversation, runs };
}

/** Marks a run that has ended with events missing, or takes the mark away. A run that is no longer shown needs none. */
export function markIncomplete(conversation: Conversation, { threadId, runId, missing: count, asking }: IncompleteRun): Conversation {
  const key = runKey(threadId, runId);
  const run = conversation.runs.get(key);
  if (run === undefined) {
    return conversation;
  }
  const { missing: _, ...complete } = run;
  const runs = new Map(conversation.runs).set(key, count === 0 ? complete : { ...complete, missing: { count, asking } });
  return { ...conversation, runs };
}

/** Finds where a run that was not seen before belongs: under its question, inside its parent, or on its own. */
function place(conversation: Conversation, run: Run, event: PipelineEvent): Conversation {
  const started = event.type === 'agent_started' ? event.data : undefined;
  const asked = questionOf(started?.metadata);
  const parentId = started?.parent_run_id;
  const parent = parentId === undefined ? undefined : conversation.runs.get(runKey(run.threadId, parentId));
  if (parent !== undefined && childrenOf(parent).length < limits.childrenPerRun) {
    const runs = new Map(conversation.runs);
    runs.set(parent.key, addStep(parent, { kind: 'child', seq: event.seq, runKey: run.key }));
    return { ...conversation, runs };
  }
  const waiting = conversation.exchanges.find(({ question, runKey: taken }) =>
    question?.threadId === run.threadId &&
    taken === undefined &&
    (question.runId === undefined ? isPreview(asked, question.content) : question.runId === run.runId),
  );
  if (waiting?.question !== undefined) {
    const { failure: _, ...question } = waiting.question;
    return changeExchange(conversation, waiting.id, (exchange) => ({
      ...exchange,
      question: { ...question, state: 'accepted', runId: run.runId },
      runKey: run.key,
    }));
  }
  return addExchange(conversation, {
    id: run.key,
    runKey: run.key,
    ...(asked !== undefined && { question: { threadId: run.threadId, content: asked, state: 'elsewhere' } }),
  });
}

function questionOf(metadata: { readonly question?: unknown } | undefined): string | undefined {
  return typeof metadata?.question === 'string' ? metadata.question : undefined;
}

/** Whether a run carries this question: as a whole, or its beginning, which is all of a long one that a server sends. */
function isPreview(asked: string | undefined, content: string): boolean {
  return asked === content || (asked !== undefined && asked.length >= minPreview && content.startsWith(asked));
}

function childrenOf(run: Run | undefined): readonly string[] {
  return (run?.steps ?? []).flatMap((step) => (step.kind === 'child' ? [step.runKey] : []));
}

function changeExchange(conversation: Conversation, id: string, change: (exchange: Exchange) => Exchange): Conversation {
  return {
    ...conversation,
    exchanges: conversation.exchanges.map((exchange) => (exchange.id === id ? change(exchange) : exchange)),
  };
}

export function addExchange(conversation: Conversation, exchange: Exchange): Conversation {
  const exchanges = [...conversation.exchanges, exchange];
  const excess = exchanges.length - limits.exchanges;
  if (excess <= 0) {
    return { ...conversation, exchanges };
  }
  const runs = new Map(conversation.runs);
  exchanges.slice(0, excess).forEach((old) => forget(runs, old.runKey));
  return { exchanges: exchanges.slice(excess), runs, omittedExchanges: conversation.omittedExchanges + excess };
}

function forget(runs: Map<string, Run>, key: string | undefined): void {
  if (key !== undefined) {
    const children = childrenOf(runs.get(key));
    runs.delete(key);
    children.forEach((child) => forget(runs, child));
  }
}
