import type { ClientRequest } from '../protocol/client-messages.js';
import type { Accepted, ErrorMessage } from '../protocol/server-messages.js';

/** A request that was refused, or about which nobody can say what became of it. */
export class RequestError extends Error {
  /** The server's (protocol 8), or `too_many_requests`, `not_connected`, `connection_lost` or `unanswered`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
  }
}

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> & { readonly id?: string } : never;

/** A request to make. Of a message the `id` is the idempotency key: the same message under it is handled once. */
export type NewRequest = WithoutId<ClientRequest>;

interface Pending {
  readonly message: ClientRequest;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
  timer: ReturnType<typeof setTimeout>;
  sent: boolean;
}

/**
 * Client messages that wait for `accepted` or `error`, a bounded number of them. Each is settled within its time, whatever happens, except
 * for the answers of a person to what a run asks: the first one counts, so that sending one again does no harm, and it is sent until the
 * server has it.
 */
export class Requests {
  readonly #pending = new Map<string, Pending>();
  readonly #send: (message: ClientRequest) => boolean;
  readonly #timeoutMs: number;
  readonly #max: number;

  /** `send` returns whether there was a connection to send on. */
  constructor(send: (message: ClientRequest) => boolean, timeoutMs: number, max: number) {
    this.#send = send;
    this.#timeoutMs = timeoutMs;
    this.#max = max;
  }

  add(request: NewRequest, signal?: AbortSignal): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const message: ClientRequest = { ...request, id: request.id ?? newId() };
      if (this.#pending.size >= this.#max || this.#pending.has(message.id)) {
        throw new RequestError('too_many_requests', `${this.#pending.size} requests are waiting for an answer already.`);
      }
      const timer = setTimeout(() => this.#unanswered(message.id), this.#timeoutMs);
      this.#pending.set(message.id, { message, resolve, reject, timer, sent: this.#send(message) });
      signal?.addEventListener('abort', () => this.#fail(message.id, signal.reason));
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
        this.#lost(id);
      }
    }
  }

  /** There will be no connection any more. */
  close(): void {
    [...this.#pending.keys()].forEach((id) => this.#lost(id));
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
      pending.timer = setTimeout(() => this.#unanswered(id), this.#timeoutMs);
    } else {
      const [code, problem] = pending?.sent === true ? ['unanswered', 'no answer'] : ['not_connected', 'no connection, so it was not sent'];
      this.#fail(id, new RequestError(code, `Within ${this.#timeoutMs} ms there was ${problem}.`));
    }
  }

  #lost(id: string): void {
    this.#fail(id, new RequestError('connection_lost', 'The connection ended before the server answered.'));
  }

  #fail(id: string, error: unknown): boolean {
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

/** Unlike `crypto.randomUUID` also where a page was loaded without TLS. */
function newId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}
