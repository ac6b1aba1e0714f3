import type { IncompleteRun } from '../connection/handler.js';
import type { Failure, PipelineEvent } from '../protocol/events.js';
import type { Accepted } from '../protocol/server-messages.js';
import { addExchange, changeExchange, forget, type Conversation, type Exchange, type Question } from './exchanges.js';
import { limits } from './limits.js';
import { applyOutsideOfRuns, isUncertain, showOwnWords } from './outside-of-runs.js';
import { applyReplayed } from './replayed.js';
import { childrenOf, runKey, type Run } from './run.js';
import { addStep, applyEvent, beginRun } from './run-reducer.js';

/** A shorter beginning says too little about which question was meant. */
const minPreview = 100;

/** The person has asked something, for the first time or again. */
export function ask(conversation: Conversation, id: string, threadId: string, content: string): Conversation {
  const question: Question = { threadId, content, state: 'sending' };
  return conversation.exchanges.some((exchange) => exchange.id === id)
    ? changeExchange(conversation, id, (exchange) => ({ ...exchange, question: askedAgain(exchange.question, question) }))
    : addExchange(conversation, { id, question });
}

function askedAgain(before: Question | undefined, now: Question): Question {
  const { data, stored } = before ?? {};
  return { ...now, ...(data !== undefined && { data }), ...(stored !== undefined && { stored }) };
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
  // The run may have been faster than the answer, and then stands alone, or below another question.
  const exchanges = conversation.exchanges.flatMap((exchange) =>
    exchange.id === id || key === undefined || exchange.runKey !== key ? [exchange] : withoutRun(exchange),
  );
  return changeExchange({ ...conversation, exchanges }, id, (exchange) => ({
    ...exchange,
    question: accepted,
    ...(known && { runKey: key }),
  }));
}

function withoutRun({ runKey: _, question, ...exchange }: Exchange): readonly Exchange[] {
  if (question === undefined || question.stored !== true) {
    return [];
  }
  const { runId: __, ...unanswered } = question;
  return [{ ...exchange, question: unanswered }];
}

export function refuse(conversation: Conversation, id: string, failure: Failure): Conversation {
  return changeExchange(conversation, id, (exchange) => {
    const { question, runKey } = exchange;
    const known = question?.stored === true && question.state === 'accepted' && isUncertain(failure);
    return question === undefined || runKey !== undefined || known
      ? exchange
      : { ...exchange, question: { ...question, state: 'failed', failure } };
  });
}

export function applyToConversation(conversation: Conversation, event: PipelineEvent): Conversation {
  if (event.type === 'user_message') {
    return showOwnWords(conversation, event);
  }
  if (event.run_id === '') {
    return applyOutsideOfRuns(conversation, event);
  }
  const key = runKey(event.thread_id, event.run_id);
  const known = conversation.runs.get(key);
  const apply = event.replay_of === undefined ? applyEvent : applyReplayed;
  const run = apply(known ?? beginRun(event), event);
  const runs = new Map(conversation.runs).set(key, run);
  if (known !== undefined && known.attempt !== run.attempt) {
    const goesOn = (child: string): boolean => runs.get(child)?.status === 'running';
    run.formerChildren.filter((child) => !goesOn(child)).forEach((child) => forget(runs, child));
    runs.set(key, { ...run, formerChildren: run.formerChildren.filter(goesOn) });
  }
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
  const waiting =
    conversation.exchanges.find(({ question, runKey: taken }) =>
      question?.threadId === run.threadId &&
      taken === undefined &&
      (question.runId === undefined ? isPreview(asked, question.content) : question.runId === run.runId),
    ) ?? (asked === undefined && event.replay_of === undefined ? unanswered(conversation, run.threadId) : undefined);
  if (waiting?.question !== undefined) {
    const { failure: _, ...question } = waiting.question;
    return changeExchange(conversation, waiting.id, (exchange) => ({
      ...exchange,
      question: { ...question, state: question.state === 'elsewhere' ? 'elsewhere' : 'accepted', runId: run.runId },
      runKey: run.key,
    }));
  }
  return addExchange(conversation, {
    id: run.key,
    runKey: run.key,
    ...(asked !== undefined && { question: { threadId: run.threadId, content: asked, state: 'elsewhere' } }),
  });
}

/** The last message of the thread, when it is stored and no run is known to answer it: a run that says nothing else begins for it. */
function unanswered(conversation: Conversation, threadId: string): Exchange | undefined {
  const last = conversation.exchanges.findLast(({ question, runKey: taken }) =>
    question?.threadId === threadId || (taken !== undefined && conversation.runs.get(taken)?.threadId === threadId),
  );
  const { question, runKey: taken } = last ?? {};
  const open = question?.stored === true && question.runId === undefined && taken === undefined;
  // One that nobody had taken in time may have been sent once more, by another device.
  return open && ['accepted', 'elsewhere', 'undelivered'].includes(question.state) ? last : undefined;
}

function questionOf(metadata: { readonly question?: unknown } | undefined): string | undefined {
  return typeof metadata?.question === 'string' ? metadata.question : undefined;
}

/** Whether a run carries this question: as a whole, or its beginning, which is all of a long one that a server sends. */
function isPreview(asked: string | undefined, content: string): boolean {
  return asked === content || (asked !== undefined && asked.length >= minPreview && content.startsWith(asked));
}
