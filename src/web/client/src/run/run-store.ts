import type { CatchUp, ClientHandlers, Fault, IncompleteRun } from '../connection/handler.js';
import type { PipelineClient } from '../connection/pipeline-client.js';
import { RequestError } from '../connection/requests.js';
import type { PipelineEvent } from '../protocol/events.js';
import type { JsonObject } from '../protocol/json.js';
import type { CommandTaken, ErrorMessage, Gap } from '../protocol/server-messages.js';
import { accept, applyToConversation, ask, markIncomplete, refuse } from './conversation.js';
import type { Conversation } from './exchanges.js';
import { interrupt } from './interruption.js';
import { addNotice, noticeOfError, noticeOfFault, noticeOfLoss, type NewNotice, type Notices } from './notices.js';
import { nothing } from './nothing.js';
import { markDelivered } from './outside-of-runs.js';

/** What a user interface shows of one user's runs. It is only ever replaced. */
export interface RunsState {
  /** Questions, answers and runs, in order. */
  readonly conversation: Conversation;
  /** What went wrong and concerns the person in front of it. */
  readonly notices: Notices;
  /** What is on its way, while the client lacks something. */
  readonly catchUp: CatchUp | undefined;
}

/** A message of the person; `id` is its idempotency key. */
export interface Message {
  readonly threadId: string;
  readonly content: string;
  readonly id: string;
  readonly data?: JsonObject;
}

/**
 * One user's runs as ready view models, kept by the events of a client: `new PipelineClient(options, new RunStore())`, with `start: 'kept'`
 * where what happened before is to be shown. Its handlers can be spread beside others: `{ ...runs, onState }`.
 */
export class RunStore implements ClientHandlers {
  #state = nothing;
  readonly #listeners = new Set<() => void>();

  get state(): RunsState {
    return this.#state;
  }

  /** Returns how to stop listening. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows what the person says, and sends it; what becomes of it is shown. The same message can be sent again where it has failed. */
  async ask(client: PipelineClient, { id, threadId, content, data }: Message): Promise<void> {
    this.#converse((conversation) => ask(conversation, id, threadId, content));
    try {
      const request = { type: 'chat_message', id, thread_id: threadId, content, ...(data !== undefined && { data }) } as const;
      const accepted = await client.request(request);
      this.#converse((conversation) => accept(conversation, accepted));
    } catch (error) {
      const { code, message } = error instanceof RequestError ? error : { code: 'send_failed', message: String(error) };
      this.#converse((conversation) => refuse(conversation, id, { code, message }));
    }
  }

  readonly onEvent = (event: PipelineEvent): void => this.#converse((conversation) => applyToConversation(conversation, event));

  readonly onReset = (): void => this.#set({ ...nothing, notices: this.#state.notices });

  readonly onCatchUp = (catchUp: CatchUp | undefined): void => this.#set({ ...this.#state, catchUp });

  readonly onGap = (gap: Gap): void => {
    if (gap.cause === 'server_restart' && !gap.certain) {
      // Its numbers say nothing to a person: most of them, or all, were never given.
      this.#converse((conversation) => interrupt(conversation, gap.from));
    } else if (gap.from > 1) {
      this.#notify(noticeOfLoss(gap));
    }
  };

  readonly onIncomplete = (run: IncompleteRun): void => this.#converse((conversation) => markIncomplete(conversation, run));

  readonly onCommandTaken = ({ id, command }: CommandTaken): void => {
    if (command === 'chat_message') {
      this.#converse((conversation) => markDelivered(conversation, id));
    }
  };

  readonly onError = (error: ErrorMessage): void => this.#notify(noticeOfError(error));

  readonly onFault = (fault: Fault): void => this.#notify(noticeOfFault(fault));

  #notify(notice: NewNotice): void {
    this.#set({ ...this.#state, notices: addNotice(this.#state.notices, notice) });
  }

  #converse(change: (conversation: Conversation) => Conversation): void {
    const conversation = change(this.#state.conversation);
    if (conversation !== this.#state.conversation) {
      this.#set({ ...this.#state, conversation });
    }
  }

  #set(state: RunsState): void {
    this.#state = state;
    this.#listeners.forEach((listener) => listener());
  }
}
