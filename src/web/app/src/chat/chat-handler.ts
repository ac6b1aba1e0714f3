import type { CatchUp, ConnectionHandler, Fault, IncompleteRun } from '../connection/handler';
import type { ConnectionState } from '../connection/state';
import type { PipelineEvent } from '../protocol/events';
import type { ErrorMessage, Gap } from '../protocol/server-messages';
import { applyToConversation, emptyConversation, markIncomplete } from '../run/conversation';
import { interrupt } from '../run/interruption';
import { addNotice, noticeOfError, noticeOfFault, noticeOfLoss, type NewNotice } from '../run/notices';
import type { ChatState } from './chat-state';
import type { Store } from './store';

/** Puts everything a connection tells into what the page shows. */
export class ChatHandler implements ConnectionHandler {
  readonly #store: Store<ChatState>;

  constructor(store: Store<ChatState>) {
    this.#store = store;
  }

  onState(connection: ConnectionState): void {
    this.#set({ connection });
    if (connection.name === 'connected' && !connection.welcome.resumed && connection.welcome.from > 0) {
      // All that is kept was asked for, and it does not begin with the first event.
      this.#set({ beginningExpired: true });
    }
  }

  onEvent(event: PipelineEvent): void {
    this.#store.update((state) => ({
      ...state,
      lastSeq: event.seq,
      conversation: applyToConversation(state.conversation, event),
    }));
  }

  /** What is kept comes again from its beginning; questions nobody has taken yet stay. */
  onReset(): void {
    this.#store.update((state) => ({
      ...state,
      lastSeq: 0,
      beginningExpired: false,
      cancelling: new Set(),
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

  onLost(gap: Gap): void {
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
