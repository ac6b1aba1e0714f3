import {
  type CatchUp,
  type ClientHandlers,
  type CommandTaken,
  type ConnectionState,
  type ErrorMessage,
  type Fault,
  type Gap,
  type IncompleteRun,
  needsSignIn,
  type PipelineEvent,
  type Welcome,
} from 'netra-pipeline-client';
import {
  addNotice,
  emptyConversation,
  interrupt,
  isCritical,
  markDelivered,
  markIncomplete,
  type NewNotice,
  noticeOfError,
  noticeOfFault,
  noticeOfLoss,
  runKey,
} from 'netra-pipeline-client/runs';
import { settleOpen, shownThread, type ChatState } from './chat-state';
import type { Identity } from './identity';
import { noCommands, setCancel, settle } from './commands';
import type { Store } from './store';
import { applyToThreads, converse, noThreads, runsOf, type Thread, type Threads } from './threads';

export interface ChatHandlerOptions {
  readonly identity?: Identity | undefined;
  /** A connection has begun. */
  readonly onConnected?: (welcome: Welcome) => void;
}

/** Puts everything a connection tells into what the page shows. */
export class ChatHandler implements ClientHandlers {
  readonly #store: Store<ChatState>;
  readonly #options: ChatHandlerOptions;
  /** What catching up has brought so far; `undefined` while it brings what no page has shown before. */
  #missed: number | undefined;
  /** Whether the server has said since this connection began that something will not come. */
  #lost = false;

  constructor(store: Store<ChatState>, options: ChatHandlerOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  onState(connection: ConnectionState): void {
    this.#set({ connection });
    if (connection.name === 'failed' && needsSignIn(connection.code)) {
      this.#options.identity?.ended(connection.code);
    }
    if (connection.name !== 'connected') {
      return;
    }
    const { welcome } = connection;
    this.#missed = welcome.resumed ? 0 : undefined;
    this.#lost = false;
    this.#set({ caughtUp: undefined });
    if (!welcome.resumed && welcome.from > 0) {
      // All that is kept was asked for, and it does not begin with the first event.
      this.#set({ beginningExpired: true });
    }
    this.#options.onConnected?.(welcome);
  }

  onEvent(event: PipelineEvent): void {
    if (this.#missed !== undefined && this.#store.state.catchUp !== undefined) {
      this.#missed += event.seq - (event.from_seq ?? event.seq) + 1;
    }
    this.#store.update((state) => {
      const threads = applyToThreads(state.threads, event, shownThread(state));
      // Nothing else settles what was asked of a run.
      const commands = isCritical(event.type) ? settle(afterExpiry(state, event), runsOf(threads)) : state.commands;
      return settleOpen({ ...state, lastSeq: event.seq, threads, commands });
    });
  }

  /** What is kept comes again from its beginning; questions nobody has taken yet stay. */
  onReset(): void {
    this.#store.update((state) => ({
      ...state,
      lastSeq: 0,
      beginningExpired: false,
      caughtUp: undefined,
      commands: noCommands,
      seen: undefined,
      threads: unsent(state.threads),
      // What is on the screen stays the thread in which one asks.
      open: shownThread(state),
    }));
    this.#notify({
      severity: 'warning',
      code: 'history_replaced',
      message: 'The server has begun another history. What was shown here before belonged to the old one.',
    });
  }

  onCatchUp(catchUp: CatchUp | undefined): void {
    const { catchUp: before, lastSeq } = this.#store.state;
    this.#store.update((state) => settleOpen({ ...state, catchUp }));
    if (catchUp === undefined && before !== undefined && lastSeq >= before.to) {
      if (this.#missed !== undefined && this.#missed > 0) {
        this.#set({ caughtUp: { events: this.#missed, whole: !this.#lost } });
      }
      this.#missed = 0;
    }
  }

  onGap(gap: Gap): void {
    this.#lost = true;
    if (gap.from === 1 && gap.cause === 'expired') {
      // Nothing that was ever shown here is lost: the history simply begins later.
      this.#set({ beginningExpired: true });
    } else if (gap.cause === 'server_restart' && !gap.certain) {
      // Its numbers say nothing to a person: most of them, or all, were never given.
      this.#store.update((state) => ({ ...state, threads: interruptThreads(state, gap.from) }));
    } else {
      this.#notify(noticeOfLoss(gap));
    }
  }

  onIncomplete(run: IncompleteRun): void {
    this.#converse(run.threadId, (conversation) => markIncomplete(conversation, run));
  }

  onError(error: ErrorMessage): void {
    this.#notify(noticeOfError(error));
  }

  onCommandTaken({ id, command, thread_id: threadId, run_id: runId }: CommandTaken): void {
    if (command === 'chat_message') {
      this.#converse(threadId, (conversation) => markDelivered(conversation, id));
    } else if (command === 'cancel_run' && runId !== undefined) {
      // Another device may have asked for it.
      this.#store.update((state) => ({
        ...state,
        commands: settle(setCancel(state.commands, runKey(threadId, runId), 'taken'), runsOf(state.threads)),
      }));
    }
  }

  onCredentialEnding(ending: boolean): void {
    this.#options.identity?.ending(ending);
  }

  onFault(fault: Fault): void {
    this.#notify(noticeOfFault(fault));
  }

  /** Changes a thread that is shown, or could be. */
  #converse(threadId: string, change: Parameters<typeof converse>[2]): void {
    this.#store.update((state) =>
      state.threads.get(threadId)?.conversation === undefined
        ? state
        : { ...state, threads: converse(state.threads, threadId, change) },
    );
  }

  #notify(notice: NewNotice): void {
    this.#store.update((state) => ({ ...state, notices: addNotice(state.notices, notice) }));
  }

  #set(members: Partial<ChatState>): void {
    this.#store.update((state) => ({ ...state, ...members }));
  }
}

/** What the person has asked and nobody has taken, of what is there. */
function unsent(threads: Threads): Threads {
  const kept = new Map(noThreads);
  for (const { id, conversation } of threads.values()) {
    const exchanges = conversation?.exchanges.filter(({ question }) => question?.state === 'sending' || question?.state === 'failed') ?? [];
    if (exchanges.length > 0) {
      kept.set(id, { id, lastSeq: 0, lastAt: 0, newsSeq: 0, placeSeq: Infinity, conversation: { ...emptyConversation, exchanges } });
    }
  }
  return kept;
}

/** Where something was going on when the server ended, something may be missing; else where one looks. */
function interruptThreads(state: ChatState, afterSeq: number): Threads {
  const busy = [...state.threads.values()].filter(isBusy).map(({ id }) => id);
  const marked = busy.length > 0 ? busy : [shownThread(state)].filter((id) => state.threads.has(id));
  return marked.reduce((threads, id) => converse(threads, id, (conversation) => interrupt(conversation, afterSeq)), state.threads);
}

function isBusy({ conversation }: Thread): boolean {
  return [...(conversation?.runs.values() ?? [])].some(({ status }) => status === 'running');
}

/** A request to stop that nobody has taken can be made again, and so can one that an earlier attempt of the run had taken. */
function afterExpiry({ commands }: ChatState, event: PipelineEvent): ChatState['commands'] {
  if (event.type === 'agent_started' && (event.attempt ?? 1) > 1) {
    return setCancel(commands, runKey(event.thread_id, event.run_id), undefined);
  }
  if (event.type !== 'command_expired' || event.data.command !== 'cancel_run') {
    return commands;
  }
  return setCancel(commands, runKey(event.thread_id, event.run_id || (event.data.run_id ?? '')), undefined);
}
