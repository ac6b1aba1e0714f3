import {
  type CatchUp,
  type CommandTaken,
  type ConnectionHandler,
  type ConnectionState,
  type ErrorMessage,
  type Fault,
  type Gap,
  type IncompleteRun,
  isCritical,
  needsSignIn,
  type PipelineEvent,
} from 'netra-pipeline-client';
import {
  addNotice,
  applyToConversation,
  emptyConversation,
  interrupt,
  markDelivered,
  markIncomplete,
  type NewNotice,
  noticeOfError,
  noticeOfFault,
  noticeOfLoss,
  runKey,
} from 'netra-pipeline-client/runs';
import type { ChatState } from './chat-state';
import type { Identity } from './identity';
import { noCommands, setCancel, settle } from './commands';
import type { Store } from './store';

/** Puts everything a connection tells into what the page shows. */
export class ChatHandler implements ConnectionHandler {
  readonly #store: Store<ChatState>;
  readonly #identity: Identity | undefined;

  constructor(store: Store<ChatState>, identity?: Identity) {
    this.#store = store;
    this.#identity = identity;
  }

  onState(connection: ConnectionState): void {
    this.#set({ connection });
    if (connection.name === 'failed' && needsSignIn(connection.code)) {
      this.#identity?.ended(connection.code);
    }
    if (connection.name === 'connected' && !connection.welcome.resumed && connection.welcome.from > 0) {
      // All that is kept was asked for, and it does not begin with the first event.
      this.#set({ beginningExpired: true });
    }
  }

  onEvent(event: PipelineEvent): void {
    this.#store.update((state) => {
      const conversation = applyToConversation(state.conversation, event);
      // Nothing else settles what was asked of a run.
      const commands = isCritical(event.type) ? settle(afterExpiry(state, event), conversation.runs) : state.commands;
      return { ...state, lastSeq: event.seq, conversation, commands };
    });
  }

  /** What is kept comes again from its beginning; questions nobody has taken yet stay. */
  onReset(): void {
    this.#store.update((state) => ({
      ...state,
      lastSeq: 0,
      beginningExpired: false,
      commands: noCommands,
      conversation: {
        ...emptyConversation,
        exchanges: state.conversation.exchanges.filter(({ question }) => question?.state === 'sending' || question?.state === 'failed'),
      },
    }));
    this.#notify({
      severity: 'warning',
      code: 'history_replaced',
      message: 'The server has begun another history. What was shown here before belonged to the old one.',
    });
  }

  onCatchUp(catchUp: CatchUp | undefined): void {
    this.#set({ catchUp });
  }

  onGap(gap: Gap): void {
    if (gap.from === 1 && gap.cause === 'expired') {
      // Nothing that was ever shown here is lost: the history simply begins later.
      this.#set({ beginningExpired: true });
    } else if (gap.cause === 'server_restart' && !gap.certain) {
      // Its numbers say nothing to a person: most of them, or all, were never given.
      this.#store.update((state) => ({ ...state, conversation: interrupt(state.conversation, gap.from) }));
    } else {
      this.#notify(noticeOfLoss(gap));
    }
  }

  onIncomplete(run: IncompleteRun): void {
    this.#store.update((state) => ({ ...state, conversation: markIncomplete(state.conversation, run) }));
  }

  onError(error: ErrorMessage): void {
    this.#notify(noticeOfError(error));
  }

  onCommandTaken({ id, command, thread_id: threadId, run_id: runId }: CommandTaken): void {
    if (command === 'chat_message') {
      this.#store.update((state) => ({ ...state, conversation: markDelivered(state.conversation, id) }));
    } else if (command === 'cancel_run' && runId !== undefined) {
      // Another device may have asked for it.
      this.#store.update((state) => ({
        ...state,
        commands: settle(setCancel(state.commands, runKey(threadId, runId), 'taken'), state.conversation.runs),
      }));
    }
  }

  onCredentialEnding(ending: boolean): void {
    this.#identity?.ending(ending);
  }

  onFault(fault: Fault): void {
    this.#notify(noticeOfFault(fault));
  }

  #notify(notice: NewNotice): void {
    this.#store.update((state) => ({ ...state, notices: addNotice(state.notices, notice) }));
  }

  #set(members: Partial<ChatState>): void {
    this.#store.update((state) => ({ ...state, ...members }));
  }
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
