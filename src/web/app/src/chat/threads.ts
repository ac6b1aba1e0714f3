import type { PipelineEvent } from 'netra-pipeline-client';
import {
  applyToConversation,
  type Conversation,
  emptyConversation,
  isTerminal,
  openRequests,
  type Run,
} from 'netra-pipeline-client/runs';
import type { ListedThread } from './thread-list';

/**
 * How many threads are kept at most, and how many of them with all that is shown of them: at the limit the oldest goes first. And how
 * many events wait for a thread that is being loaded: beyond that it is loaded again.
 */
export const threadLimits = { known: 1000, loaded: 50, arrived: 10_000 } as const;

/** One of the user's conversations. */
export interface Thread {
  readonly id: string;
  /** Absent as long as nothing but its entry in the list is known here. */
  readonly conversation?: Conversation;
  /** What was shown of it has made room for others: it is loaded again when somebody opens it. */
  readonly unloaded?: true;
  /** What has come while it is being loaded; absent again when that is too much to be kept. */
  readonly arrived?: readonly PipelineEvent[];
  /** What the server's list says of it, until events say more. */
  readonly listed?: ListedThread;
  /** The number of its latest event, and when that was, in Unix time. */
  readonly lastSeq: number;
  readonly lastAt: number;
  /** The number of the latest event that somebody would like to hear of: an end, a question, a notification. */
  readonly newsSeq: number;
  /** The number by which it has its place in the list: words come and go, and are no reason to move. */
  readonly placeSeq: number;
}

export type Threads = ReadonlyMap<string, Thread>;

export const noThreads: Threads = new Map();

export function conversationOf(threads: Threads, id: string): Conversation {
  return threads.get(id)?.conversation ?? emptyConversation;
}

/** The one in which something has begun or ended last first. */
export function inOrder(threads: Threads): readonly Thread[] {
  return [...threads.values()].sort((a, b) => b.placeSeq - a.placeSeq);
}

export function latest(threads: Threads): Thread | undefined {
  let found: Thread | undefined;
  for (const thread of threads.values()) {
    found = found === undefined || thread.lastSeq > found.lastSeq ? thread : found;
  }
  return found;
}

export function* runsOf(threads: Threads): Generator<Run> {
  for (const { conversation } of threads.values()) {
    yield* conversation?.runs.values() ?? [];
  }
}

/** Puts an event where it belongs. Of a thread that has made room only the entry in the list changes. The one that is shown makes none. */
export function applyToThreads(threads: Threads, event: PipelineEvent, shown: string): Threads {
  const known = threads.get(event.thread_id);
  const lastSeq = Math.max(known?.lastSeq ?? 0, event.seq);
  const told = {
    id: event.thread_id,
    lastSeq,
    lastAt: Math.max(known?.lastAt ?? 0, event.timestamp),
    newsSeq: isNews(event) ? lastSeq : (known?.newsSeq ?? 0),
    placeSeq: known === undefined || moves(event) ? lastSeq : known.placeSeq,
  };
  if (known?.unloaded === true && known.listed !== undefined) {
    const { open_runs: open, waiting } = known.listed;
    // What an operator has sent again says nothing about now.
    const listed = event.replay_of === undefined
      ? { ...known.listed, open_runs: openAfter(open, event), waiting: waitingAfter(waiting, event) }
      : known.listed;
    const { arrived, ...entry } = known;
    const kept = arrived !== undefined && arrived.length < threadLimits.arrived ? { arrived: [...arrived, event] } : {};
    return new Map(threads).set(told.id, { ...entry, ...told, ...kept, listed });
  }
  return setThread(threads, {
    ...(known ?? {}),
    ...told,
    conversation: applyToConversation(known?.conversation ?? emptyConversation, event),
  }, shown);
}

/** Changes what is shown of a thread, and begins with it where there is nothing yet. */
export function converse(threads: Threads, id: string, change: (conversation: Conversation) => Conversation): Threads {
  const known = threads.get(id) ?? { id, lastSeq: 0, lastAt: 0, newsSeq: 0, placeSeq: Infinity };
  const before = known.conversation ?? emptyConversation;
  const conversation = change(before);
  return conversation === before ? threads : setThread(threads, { ...known, conversation }, id);
}

/** What the server's list says counts for what is not here; of a thread that is here, the events say more. */
export function addListed(threads: Threads, listed: readonly ListedThread[]): Threads {
  const added = new Map(threads);
  for (const entry of listed) {
    const known = threads.get(entry.thread_id);
    const { seq, timestamp } = entry.last_event;
    if (known !== undefined || added.size < threadLimits.known) {
      added.set(entry.thread_id, {
        ...(known ?? { id: entry.thread_id, newsSeq: seq, placeSeq: seq }),
        listed: entry,
        lastSeq: Math.max(known?.lastSeq ?? 0, seq),
        lastAt: Math.max(known?.lastAt ?? 0, timestamp),
      });
    }
  }
  return added;
}

export function beginLoading(threads: Threads, id: string): Threads {
  const known = threads.get(id);
  return known === undefined ? threads : new Map(threads).set(id, { ...known, arrived: [] });
}

/** Shows what was loaded, and what has come meanwhile; changes nothing where the two do not fit together. */
export function finishLoading(threads: Threads, id: string, events: readonly PipelineEvent[]): Threads {
  const known = threads.get(id);
  const last = events.at(-1)?.seq ?? 0;
  const later = known?.arrived?.filter(({ seq }) => seq > last);
  if (known === undefined || later === undefined || later.some(({ from_seq: from }) => from !== undefined && from <= last)) {
    return threads;
  }
  const { unloaded: _, arrived: __, ...entry } = known;
  const others = new Map(threads);
  others.delete(id);
  return setThread(others, { ...entry, conversation: [...events, ...later].reduce(applyToConversation, emptyConversation) }, id);
}

function setThread(threads: Threads, thread: Thread, shown: string): Threads {
  const changed = new Map(threads).set(thread.id, thread);
  return threads.has(thread.id) ? changed : withinLimits(changed, [thread.id, shown]);
}

/** What is unloaded can be loaded again; what is forgotten is still in the server's list. */
function withinLimits(threads: Map<string, Thread>, staying: readonly string[]): Threads {
  const loaded = [...threads.values()].filter(({ conversation }) => conversation !== undefined);
  if (loaded.length > threadLimits.loaded) {
    const oldest = loaded.filter(({ id }) => !staying.includes(id)).reduce((a, b) => (a.lastSeq < b.lastSeq ? a : b));
    const { conversation: _, ...entry } = oldest;
    threads.set(oldest.id, { ...entry, unloaded: true, listed: entryOf(oldest) });
  }
  if (threads.size > threadLimits.known) {
    threads.delete([...threads.values()].reduce((a, b) => (a.lastSeq < b.lastSeq ? a : b)).id);
  }
  return threads;
}

function entryOf(thread: Thread): ListedThread {
  const running = [...(thread.conversation?.runs.values() ?? [])].filter(({ status }) => status === 'running');
  return {
    thread_id: thread.id,
    title: titleOf(thread),
    last_event: { seq: thread.lastSeq, timestamp: thread.lastAt },
    open_runs: running.map(({ runId }) => runId),
    waiting: running.flatMap((run) => openRequests(run).map(({ requestId }) => ({ run_id: run.runId, request_id: requestId }))),
  };
}

function isNews(event: PipelineEvent): boolean {
  return (
    event.replay_of === undefined &&
    (isTerminal(event.type) || event.type === 'run_waiting' || (event.type === 'custom' && event.run_id === ''))
  );
}

/** Whether it is worth a higher place. */
function moves(event: PipelineEvent): boolean {
  return isNews(event) || event.type === 'agent_started' || event.type === 'user_message';
}

function waitingAfter(waiting: ListedThread['waiting'], event: PipelineEvent): ListedThread['waiting'] {
  const { run_id: runId } = event;
  if (isTerminal(event.type)) {
    return waiting.filter((asked) => asked.run_id !== runId);
  }
  if (event.type !== 'run_waiting' && event.type !== 'run_resumed') {
    return waiting;
  }
  // One that is asked again, in a later attempt, is one.
  const { request_id: requestId } = event.data;
  const others = waiting.filter((asked) => asked.run_id !== runId || asked.request_id !== requestId);
  return event.type === 'run_waiting' ? [...others, { run_id: runId, request_id: requestId }] : others;
}

function openAfter(open: readonly string[], event: PipelineEvent): readonly string[] {
  return isTerminal(event.type)
    ? open.filter((runId) => runId !== event.run_id)
    : event.type === 'agent_started' && !open.includes(event.run_id) ? [...open, event.run_id] : open;
}

const maxTitleLength = 80;

/** What a thread is called: its title, else its first question, else whose run it has. */
export function titleOf({ conversation, listed }: Thread): string {
  const { title, exchanges = [], runs } = conversation ?? {};
  const question = exchanges.find((exchange) => exchange.question !== undefined)?.question?.content.trim();
  const agent = runs?.values().next().value?.agentName;
  const found = [title, listed?.title, question?.slice(0, maxTitleLength), agent].find((name) => name !== undefined && name !== '');
  return found ?? 'New conversation';
}

/** What is going on in a thread, in a word. */
export type Activity = 'waiting' | 'running' | 'failed' | 'idle';

function findActivity({ conversation, listed }: Thread): Activity {
  if (conversation === undefined) {
    return (listed?.waiting.length ?? 0) > 0 ? 'waiting' : (listed?.open_runs.length ?? 0) > 0 ? 'running' : 'idle';
  }
  let last: Run | undefined;
  let running = false;
  for (const run of conversation.runs.values()) {
    if (openRequests(run).length > 0) {
      return 'waiting';
    }
    running ||= run.status === 'running';
    last = run;
  }
  return running ? 'running' : last?.status === 'failed' ? 'failed' : 'idle';
}

export interface Summary {
  readonly title: string;
  readonly activity: Activity;
}

const summaries = new WeakMap<Thread, Summary>();

/** What its entry in the list says. Asked of every thread in every frame, and found once for each of its states. */
export function summaryOf(thread: Thread): Summary {
  const known = summaries.get(thread);
  if (known !== undefined) {
    return known;
  }
  const summary = { title: titleOf(thread), activity: findActivity(thread) };
  summaries.set(thread, summary);
  return summary;
}
