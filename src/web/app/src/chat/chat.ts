import { followBrowser } from '../connection/browser-signals';
import { Connection } from '../connection/connection';
import { RequestError } from '../connection/requests';
import type { Failure } from '../protocol/events';
import { accept, ask, refuse } from '../run/conversation';
import { addNotice, dismissNotice } from '../run/notices';
import type { Run } from '../run/run';
import { ChatHandler } from './chat-handler';
import { initialChatState, type ChatState } from './chat-state';
import { randomId } from './ids';
import { Store } from './store';

/** Where the server is. */
export interface Addresses {
  readonly socket: string;
  /** For networks that let no WebSocket through. */
  readonly stream: string;
}

/** One user's chat: what is shown, and what the person can do. */
export class Chat {
  readonly userId: string;
  readonly store = new Store<ChatState>(initialChatState);
  readonly #threadId: string;
  readonly #connection: Connection;

  constructor(userId: string, threadId: string, { socket, stream }: Addresses) {
    this.userId = userId;
    this.#threadId = threadId;
    this.#connection = new Connection({
      url: socket,
      fallback: { url: stream },
      parameters: { user_id: userId },
      start: 'kept',
      handler: new ChatHandler(this.store),
    });
  }

  /** Connects; returns how to end it. */
  start(): () => void {
    this.#connection.connect();
    const unfollow = followBrowser(this.#connection);
    return () => {
      unfollow();
      this.#connection.close();
    };
  }

  reconnect(): void {
    this.#connection.connect();
    this.#connection.retryNow();
  }

  ask(content: string): void {
    this.#send(randomId('message'), content);
  }

  /** Asks a question that has failed again, under its old id: a backend can tell that it is the same. */
  retry(id: string): void {
    const question = this.store.state.conversation.exchanges.find((exchange) => exchange.id === id)?.question;
    if (question?.state === 'failed') {
      this.#send(id, question.content);
    }
  }

  cancel({ key, threadId, runId }: Run): void {
    this.#setCancelling(key, true);
    this.#connection
      .request({ type: 'cancel_run', id: randomId('cancel'), thread_id: threadId, run_id: runId })
      .catch((error: unknown) => {
        const { code, message } = failureOf(error);
        this.#setCancelling(key, false);
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
      });
  }

  dismiss(noticeId: number): void {
    this.store.update((state) => ({ ...state, notices: dismissNotice(state.notices, noticeId) }));
  }

  #send(id: string, content: string): void {
    this.#converse((conversation) => ask(conversation, id, this.#threadId, content));
    this.#connection.request({ type: 'chat_message', id, thread_id: this.#threadId, content }).then(
      (answer) => this.#converse((conversation) => accept(conversation, answer)),
      (error: unknown) => this.#converse((conversation) => refuse(conversation, id, failureOf(error))),
    );
  }

  #converse(change: (conversation: ChatState['conversation']) => ChatState['conversation']): void {
    this.store.update((state) => ({ ...state, conversation: change(state.conversation) }));
  }

  #setCancelling(key: string, asked: boolean): void {
    this.store.update((state) => {
      const { runs } = state.conversation;
      const cancelling = new Set([...state.cancelling].filter((other) => runs.get(other)?.status === 'running'));
      if (asked) {
        cancelling.add(key);
      } else {
        cancelling.delete(key);
      }
      return { ...state, cancelling };
    });
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof RequestError
    ? { code: error.code, message: error.message }
    : { code: 'send_failed', message: String(error) };
}
