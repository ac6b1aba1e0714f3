import {
  type Failure,
  type Json,
  type JsonObject,
  PipelineClient,
  type PipelineEvent,
  RequestError,
  type Welcome,
} from 'netra-pipeline-client';
import { eventStreams } from 'netra-pipeline-client/fallback';
import {
  accept,
  addNotice,
  ask,
  dismissNotice,
  refuse,
  requestKey,
  type Run,
  runKey,
} from 'netra-pipeline-client/runs';
import { ChatHandler } from './chat-handler';
import { initialChatState, shownThread, type ChatState } from './chat-state';
import { setAnswer, setCancel, settle, type AnswerState, type CancelState } from './commands';
import { readHistory, type HistoryPage } from './history';
import type { Identity } from './identity';
import { randomId } from './ids';
import { merge, readSeen, see, seenKey, writeSeen, type Seen } from './seen';
import { Store } from './store';
import { listThreads } from './thread-list';
import { addListed, beginLoading, conversationOf, converse, finishLoading, runsOf } from './threads';

/** Where the server is. */
export interface Addresses {
  readonly socket: string;
  /** For networks that let no WebSocket through. */
  readonly stream: string;
  /** Where the user's threads are listed. */
  readonly threads: string;
}

interface Message {
  readonly id: string;
  readonly threadId: string;
  readonly content: string;
  readonly data?: JsonObject;
}

/** One user's chat: what is shown, and what the person can do. */
export class Chat {
  readonly userId: string;
  readonly store: Store<ChatState>;
  readonly #list: string;
  readonly #connection: PipelineClient;
  #stop = new AbortController();
  #loading: AbortController | undefined;

  /** `open` is the thread to begin with; without it, it is the one with the latest event. */
  constructor(userId: string, open: string | undefined, { socket, stream, threads }: Addresses, identity?: Identity) {
    this.userId = userId;
    this.store = new Store(initialChatState(randomId('thread'), open));
    const list = new URL(threads);
    if (identity === undefined) {
      list.searchParams.set('user_id', userId);
    }
    this.#list = list.href;
    const who = identity === undefined ? { userId } : { getToken: () => identity.takeTicket() };
    this.#connection = new PipelineClient(
      { url: socket, fallback: eventStreams({ url: stream }), start: 'kept', ...who },
      new ChatHandler(this.store, { identity, onConnected: (welcome) => this.#connected(welcome) }),
    );
  }

  /** Connects; returns how to end it. */
  start(): () => void {
    this.#stop = new AbortController();
    this.#connection.connect();
    window.addEventListener('storage', ({ key, newValue }) => this.#readElsewhere(key, newValue), { signal: this.#stop.signal });
    return () => {
      this.#stop.abort();
      this.#loading?.abort();
      this.#connection.disconnect();
    };
  }

  /** Shows a thread, and loads it where that has to be. */
  open(threadId: string): void {
    const { open, threads, loading } = this.store.state;
    if (threadId !== open) {
      this.store.update((state) => ({ ...state, open: threadId }));
    }
    if (threads.get(threadId)?.unloaded === true && (loading?.threadId !== threadId || loading.problem !== undefined)) {
      void this.#load(threadId);
    }
  }

  /** Shows a thread in which nothing was said yet. */
  openFresh(): void {
    const { threads, fresh } = this.store.state;
    const next = threads.has(fresh) ? randomId('thread') : fresh;
    this.store.update((state) => ({ ...state, fresh: next, open: next }));
  }

  /** Somebody has begun to do something in the thread that is on the screen: it stays there. */
  stay(): void {
    if (this.store.state.open === undefined) {
      this.store.update((state) => ({ ...state, open: shownThread(state) }));
    }
  }

  /** Somebody has looked at a thread. */
  markSeen(threadId: string): void {
    const { seen, threads } = this.store.state;
    const thread = threads.get(threadId);
    if (seen !== undefined && thread !== undefined) {
      this.#setSeen(see(merge(seen, this.#storedSeen()), threadId, thread.lastSeq));
    }
  }

  /** More of the server's list. */
  async listOlder(): Promise<void> {
    const { olderThreads } = this.store.state;
    if (olderThreads.name === 'more' || olderThreads.name === 'failed') {
      await this.#listThreads(olderThreads.next);
    }
  }

  reconnect(): void {
    this.#connection.connect();
    this.#connection.retryNow();
  }

  signedIn(): void {
    this.#connection.refreshToken();
  }

  /** Something that concerns the person and none of the runs. */
  warn(code: string, message: string): void {
    this.store.update((state) => ({ ...state, notices: addNotice(state.notices, { severity: 'error', code, message }) }));
  }

  ask(content: string): void {
    this.stay();
    this.#send({ id: randomId('message'), threadId: shownThread(this.store.state), content });
  }

  /** Sends a message that has not arrived again, under its old id: the server can tell that it is the same. */
  retry(threadId: string, id: string): void {
    const { exchanges } = conversationOf(this.store.state.threads, threadId);
    const question = exchanges.find((exchange) => exchange.id === id)?.question;
    if (question?.state === 'failed' || question?.state === 'undelivered') {
      this.#send({ id, ...question });
    }
  }

  cancel({ key, threadId, runId }: Run): void {
    this.#setCancel(key, () => 'asked');
    this.#connection.request({ type: 'cancel_run', id: randomId('cancel'), thread_id: threadId, run_id: runId }).then(
      // The backend may have taken it before this came, and nobody in time.
      ({ taken }) => this.#setCancel(key, (known) => (known !== undefined && taken === true ? 'taken' : known)),
      (error: unknown) => this.#notCancelled(error, key, threadId, runId),
    );
  }

  /** Answers what a run asks. What became of it is shown at the request. */
  answer({ key, threadId, runId }: Run, requestId: string, value: Json): void {
    const name = requestKey(key, requestId);
    this.#setAnswer(name, { name: 'sending', value });
    this.#connection
      .request({ type: 'answer', id: randomId('answer'), thread_id: threadId, run_id: runId, request_id: requestId, value })
      .then(
        () => this.#setAnswer(name, { name: 'sent', value }),
        (error: unknown) => this.#setAnswer(name, { name: 'failed', value, failure: failureOf(error) }),
      );
  }

  dismiss(noticeId: number): void {
    this.store.update((state) => ({ ...state, notices: dismissNotice(state.notices, noticeId) }));
  }

  #send({ id, threadId, content, data }: Message): void {
    this.#converse(threadId, (conversation) => ask(conversation, id, threadId, content));
    this.#connection.request({ type: 'chat_message', id, thread_id: threadId, content, ...(data !== undefined && { data }) }).then(
      (answer) => this.#converse(threadId, (conversation) => accept(conversation, answer)),
      (error: unknown) => this.#converse(threadId, (conversation) => refuse(conversation, id, failureOf(error))),
    );
  }

  #converse(threadId: string, change: Parameters<typeof converse>[2]): void {
    this.store.update((state) => ({ ...state, threads: converse(state.threads, threadId, change) }));
  }

  #connected({ epoch, seq }: Welcome): void {
    const stored = this.#storedSeen();
    // What was there before this browser has ever shown it is not news.
    this.#setSeen(stored?.epoch === epoch ? stored : { epoch, all: seq, threads: new Map() });
    void this.#listThreads(undefined);
  }

  async #listThreads(after: string | undefined): Promise<void> {
    this.#setOlder({ name: 'loading' });
    try {
      const { threads, next } = await listThreads(this.#list, after, this.#stop.signal);
      this.store.update((state) => {
        const first = state.open ?? (after === undefined ? threads[0]?.thread_id : undefined);
        return { ...state, threads: addListed(state.threads, threads), open: first };
      });
      this.#setOlder(next === undefined ? { name: 'none' } : { name: 'more', next });
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        this.#setOlder({ name: 'failed', problem: problemOf(error), next: after });
      }
    }
  }

  /** Fetches all that is kept of a thread. What comes meanwhile waits, and follows. */
  async #load(threadId: string): Promise<void> {
    this.#loading?.abort();
    const stop = new AbortController();
    this.#loading = stop;
    this.store.update((state) => ({ ...state, loading: { threadId }, threads: beginLoading(state.threads, threadId) }));
    try {
      const events: PipelineEvent[] = [];
      for (let after: number | undefined = 0; after !== undefined; ) {
        const page: HistoryPage = await readHistory(this.#list, threadId, after, stop.signal);
        events.push(...page.events);
        after = page.next;
      }
      if (!stop.signal.aborted) {
        this.store.update((state) => ({ ...state, loading: undefined, threads: finishLoading(state.threads, threadId, events) }));
        if (this.store.state.threads.get(threadId)?.unloaded === true) {
          void this.#load(threadId);
        }
      }
    } catch (error) {
      if (!stop.signal.aborted) {
        this.store.update((state) => ({ ...state, loading: { threadId, problem: problemOf(error) } }));
      }
    }
  }

  #storedSeen(): Seen | undefined {
    return readSeen(localStorage.getItem(seenKey(this.userId)));
  }

  #setSeen(seen: Seen): void {
    localStorage.setItem(seenKey(this.userId), writeSeen(seen));
    this.store.update((state) => ({ ...state, seen }));
  }

  /** Somebody has read in another tab. */
  #readElsewhere(key: string | null, text: string | null): void {
    const { seen } = this.store.state;
    if (key === seenKey(this.userId) && seen !== undefined) {
      this.store.update((state) => ({ ...state, seen: merge(seen, readSeen(text)) }));
    }
  }

  #setOlder(olderThreads: ChatState['olderThreads']): void {
    this.store.update((state) => ({ ...state, olderThreads }));
  }

  #notCancelled(error: unknown, key: string, threadId: string, runId: string): void {
    this.#setCancel(key, () => undefined);
    if (this.#run(threadId, runId)?.status !== 'running') {
      // It has ended before the server could be asked.
      return;
    }
    const { code, message } = failureOf(error);
    this.store.update((state) => ({
      ...state,
      notices: addNotice(state.notices, {
        severity: 'error',
        code,
        message: `The run could not be cancelled. ${message}`,
        threadId,
        runId,
      }),
    }));
  }

  #run(threadId: string, runId: string): Run | undefined {
    return conversationOf(this.store.state.threads, threadId).runs.get(runKey(threadId, runId));
  }

  #setCancel(key: string, next: (known: CancelState | undefined) => CancelState | undefined): void {
    this.store.update((state) => ({
      ...state,
      commands: settle(setCancel(state.commands, key, next(state.commands.cancels.get(key))), runsOf(state.threads)),
    }));
  }

  #setAnswer(key: string, answer: AnswerState): void {
    this.store.update((state) => ({ ...state, commands: settle(setAnswer(state.commands, key, answer), runsOf(state.threads)) }));
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof RequestError
    ? { code: error.code, message: error.message }
    : { code: 'send_failed', message: String(error) };
}

function problemOf(error: unknown): string {
  return error instanceof Error && error.name === 'Error' ? error.message : 'The server cannot be reached.';
}
