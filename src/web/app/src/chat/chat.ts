import { Connection, type Failure, followBrowser, type Json, type JsonObject, RequestError } from 'netra-pipeline-client';
import { accept, addNotice, ask, dismissNotice, refuse, requestKey, type Run } from 'netra-pipeline-client/runs';
import { ChatHandler } from './chat-handler';
import { initialChatState, type ChatState } from './chat-state';
import { setAnswer, setCancel, settle, type AnswerState, type CancelState } from './commands';
import type { Identity } from './identity';
import { randomId } from './ids';
import { Store } from './store';

/** Where the server is. */
export interface Addresses {
  readonly socket: string;
  /** For networks that let no WebSocket through. */
  readonly stream: string;
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
  readonly store = new Store<ChatState>(initialChatState);
  readonly #threadId: string;
  readonly #connection: Connection;

  constructor(userId: string, threadId: string, { socket, stream }: Addresses, identity?: Identity) {
    this.userId = userId;
    this.#threadId = threadId;
    this.#connection = new Connection({
      url: socket,
      fallback: { url: stream },
      ...(identity === undefined
        ? { parameters: { user_id: userId } }
        : { parameters: {}, takeTicket: () => identity.takeTicket() }),
      start: 'kept',
      handler: new ChatHandler(this.store, identity),
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

  signedIn(): void {
    this.#connection.signedIn();
  }

  /** Something that concerns the person and none of the runs. */
  warn(code: string, message: string): void {
    this.store.update((state) => ({ ...state, notices: addNotice(state.notices, { severity: 'error', code, message }) }));
  }

  ask(content: string): void {
    this.#send({ id: randomId('message'), threadId: this.#threadId, content });
  }

  /** Sends a message that has not arrived again, under its old id: the server can tell that it is the same. */
  retry(id: string): void {
    const question = this.store.state.conversation.exchanges.find((exchange) => exchange.id === id)?.question;
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
    this.#converse((conversation) => ask(conversation, id, threadId, content));
    this.#connection.request({ type: 'chat_message', id, thread_id: threadId, content, ...(data !== undefined && { data }) }).then(
      (answer) => this.#converse((conversation) => accept(conversation, answer)),
      (error: unknown) => this.#converse((conversation) => refuse(conversation, id, failureOf(error))),
    );
  }

  #converse(change: (conversation: ChatState['conversation']) => ChatState['conversation']): void {
    this.store.update((state) => ({ ...state, conversation: change(state.conversation) }));
  }

  #notCancelled(error: unknown, key: string, threadId: string, runId: string): void {
    this.#setCancel(key, () => undefined);
    if (this.store.state.conversation.runs.get(key)?.status !== 'running') {
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

  #setCancel(key: string, next: (known: CancelState | undefined) => CancelState | undefined): void {
    this.store.update((state) => ({
      ...state,
      commands: settle(setCancel(state.commands, key, next(state.commands.cancels.get(key))), state.conversation.runs),
    }));
  }

  #setAnswer(key: string, answer: AnswerState): void {
    this.store.update((state) => ({ ...state, commands: settle(setAnswer(state.commands, key, answer), state.conversation.runs) }));
  }
}

function failureOf(error: unknown): Failure {
  return error instanceof RequestError
    ? { code: error.code, message: error.message }
    : { code: 'send_failed', message: String(error) };
}
