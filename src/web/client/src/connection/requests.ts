import type { ClientRequest } from '../protocol/client-messages.js';
import type { Accepted, ErrorMessage } from '../protocol/server-messages.js';

const answerTimeoutMs = 10_000;
const maxPending = 32;

/** A request that was refused, or about which nobody can say what became of it. */
export class RequestError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
  }
}

interface Pending {
  readonly message: ClientRequest;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: RequestError) => void;
  timer: ReturnType<typeof setTimeout>;
  sent: boolean;
}

/**
 * Client messages that wait for `accepted` or `error`. Each is settled within ten seconds, whatever happens, except for the answers of
 * a person to what a run asks: the first one counts, so that sending one again does no harm, and it is sent until the server has it.
 */
export class Requests {
  readonly #pending = new Map<string, Pending>();
  readonly #send: (message: ClientRequest) => boolean;

  /** `send` returns whether there was a connection to send on. */
  constructor(send: (message: ClientRequest) => boolean) {
    this.#send = send;
  }

  add(message: ClientRequest): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= maxPending || this.#pending.has(message.id)) {
        reject(new RequestError('too_many_requests', `${this.#pending.size} messages are waiting for an answer already.`));
        return;
      }
      const timer = setTimeout(() => this.#unanswered(message.id), answerTimeoutMs);
      this.#pending.set(message.id, { message, resolve, reject, timer, sent: this.#send(message) });
    });
  }

  /** There is a connection: what was waiting for one goes out. */
  connected(): void {
    for (const pending of this.#pending.values()) {
      pending.sent ||= this.#send(pending.message);
    }
  }

  /** An answer that was on its way will not come: the sender must decide whether to ask again. */
  disconnected(): void {
    for (const [id, pending] of [...this.#pending]) {
      if (isRepeatable(pending.message)) {
        pending.sent = false;
      } else if (pending.sent) {
        this.#fail(id, new RequestError('connection_lost', 'The connection ended before the server answered.'));
      }
    }
  }

  /** There will be no connection any more. */
  close(): void {
    for (const id of [...this.#pending.keys()]) {
      this.#fail(id, new RequestError('connection_lost', 'The connection was closed before the server answered.'));
    }
  }

  accepted(answer: Accepted): void {
    this.#take(answer.id)?.resolve(answer);
  }

  /** Returns whether the error answers a request that is waiting. */
  refused(error: ErrorMessage): boolean {
    return error.id !== undefined && this.#fail(error.id, new RequestError(error.code, error.message));
  }

  #unanswered(id: string): void {
    const pending = this.#pending.get(id);
    if (pending !== undefined && isRepeatable(pending.message)) {
      pending.sent = this.#send(pending.message);
      pending.timer = setTimeout(() => this.#unanswered(id), answerTimeoutMs);
    } else {
      this.#fail(id, timedOut(pending));
    }
  }

  #fail(id: string, error: RequestError): boolean {
    const pending = this.#take(id);
    pending?.reject(error);
    return pending !== undefined;
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    clearTimeout(pending?.timer);
    this.#pending.delete(id);
    return pending;
  }
}

function isRepeatable(message: ClientRequest): boolean {
  return message.type === 'answer';
}

function timedOut(pending: Pending | undefined): RequestError {
  const seconds = answerTimeoutMs / 1000;
  return pending?.sent === true
    ? new RequestError('unanswered', `The server has not answered within ${seconds} seconds.`)
    : new RequestError('not_connected', `There was no connection for ${seconds} seconds, so this was not sent.`);
}
