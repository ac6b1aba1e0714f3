import type { EventOf, Failure, PipelineEvent } from '../protocol/events.js';
import { isObject, type Json } from '../protocol/json.js';
import { addExchange, changeExchange, type Conversation, type Fact, type Question } from './exchanges.js';
import { limits } from './limits.js';
import { runKey } from './run.js';
import { readUsage } from './usage.js';

/** The bubble of a message of the user: the one that this page has shown since it was sent, or a new one. */
export function showOwnWords(conversation: Conversation, event: EventOf<'user_message'>): Conversation {
  const { content, message_id: id, data } = event.data;
  const threadId = event.thread_id;
  const own = conversation.exchanges.some((exchange) => exchange.id === id && exchange.question !== undefined);
  if (own) {
    return changeExchange(conversation, id, (exchange) => ({ ...exchange, question: storedQuestion(exchange.question!, content) }));
  }

  const question: Question = { threadId, content, ...(data !== undefined && { data }), state: 'elsewhere', stored: true };
  return addExchange(conversation, { id, question });
}

function storedQuestion(question: Question, content: string): Question {
  const { failure, ...rest } = question;
  // An `error` may overtake the event: what the handler has refused stays refused, and what was only feared lost is not.
  return failure === undefined || isUncertain(failure)
    ? { ...rest, content, stored: true, state: question.state === 'elsewhere' ? 'elsewhere' : 'accepted' }
    : { ...question, content, stored: true };
}

/** An event of a thread that belongs to no run. */
export function applyOutsideOfRuns(conversation: Conversation, event: PipelineEvent): Conversation {
  if (event.type === 'command_expired') {
    const { command, id, message } = event.data;
    return command === 'chat_message' && id !== undefined ? markUndelivered(conversation, id, message) : conversation;
  }
  if (event.type !== 'custom') {
    return conversation;
  }
  const { name, value = null } = event.data;
  if (name === 'title' && typeof value === 'string') {
    return { ...conversation, title: value };
  }
  return (name === 'usage' ? addUsage(conversation, event.thread_id, value) : undefined) ?? addFact(conversation, event, { name, value });
}

function markUndelivered(conversation: Conversation, id: string, message: string): Conversation {
  return changeExchange(conversation, id, (exchange) =>
    exchange.question === undefined
      ? exchange
      : { ...exchange, question: { ...exchange.question, state: 'undelivered', failure: { code: 'command_expired', message } } },
  );
}

/** A backend has taken a message that was sent once more. */
export function markDelivered(conversation: Conversation, id: string): Conversation {
  return changeExchange(conversation, id, (exchange) => {
    if (exchange.question?.state !== 'undelivered') {
      return exchange;
    }
    const { failure: _, ...question } = exchange.question;
    return { ...exchange, question: { ...question, state: 'accepted' } };
  });
}

/** What a run has cost, where that became known after its end. */
function addUsage(conversation: Conversation, threadId: string, value: Json): Conversation | undefined {
  const runId = isObject(value) ? value['run_id'] : undefined;
  const run = typeof runId === 'string' ? conversation.runs.get(runKey(threadId, runId)) : undefined;
  const usage = isObject(value) ? readUsage(value) : undefined;
  return run === undefined || usage === undefined
    ? undefined
    : { ...conversation, runs: new Map(conversation.runs).set(run.key, { ...run, usage: { ...run.usage, ...usage } }) };
}

function addFact(conversation: Conversation, { seq }: PipelineEvent, fact: Omit<Fact, 'seq'>): Conversation {
  const last = conversation.exchanges.at(-1);
  return last === undefined || last.interrupted === true
    ? addExchange(conversation, { id: `fact-${seq}`, facts: [{ seq, ...fact }] })
    : changeExchange(conversation, last.id, (exchange) => ({
        ...exchange,
        facts: [...(exchange.facts ?? []), { seq, ...fact }].slice(-limits.factsPerExchange),
      }));
}

/** Whether the failure says only that nobody knows what became of the message. */
export function isUncertain({ code }: Failure): boolean {
  return code === 'connection_lost' || code === 'unanswered' || code === 'not_connected';
}
