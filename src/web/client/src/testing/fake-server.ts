import type { ClientMessage, ClientRequest } from '../protocol/client-messages.js';
import { isTerminal } from '../protocol/event-types.js';
import type { EventOf, EventType, PipelineEvent } from '../protocol/events.js';
import type { Accepted, ErrorMessage, Gap } from '../protocol/server-messages.js';
import type { WebSocketConstructor } from '../connection/socket.js';
import { FakeConnection } from './fake-connection.js';

/** How a fake server is set; what is absent is as on a real one. */
export interface FakeServerOptions {
  /** Who connects. */
  readonly userId?: string;
  readonly pingIntervalMs?: number;
  readonly pingTimeoutMs?: number;
  readonly ackIntervalMs?: number;
  readonly ackEvery?: number;
  /** How long the credential of a connection is valid; without end by default. */
  readonly credentialMs?: number;
}

/** Where an event belongs; of run `r1` in thread `t1` where nothing is said. */
export interface Place {
  readonly threadId?: string;
  /** `''` for none. */
  readonly runId?: string;
  readonly attempt?: number;
}

/** What the fake server answers to a request: the members of `accepted`, or why it is refused. */
export type RequestAnswer = Partial<Pick<Accepted, 'run_id' | 'taken'>> | { readonly code: string; readonly message: string };

/** What a jump over numbers after a crash of the server leaves out (protocol 4.5). */
const crashJump = 2 ** 20;

/**
 * One user's server inside of a test: it numbers, keeps and replays events, takes acknowledgements, answers requests, and does on demand
 * what real ones do at the worst moment. Pass its `WebSocket` to a client; nothing of it waits for a timer.
 */
export class FakeServer {
  /** For the option of the same name. Each `new` is a connection, unless the server is down. */
  readonly WebSocket: WebSocketConstructor;
  /** Everything that was ever connected, the closed ones included. */
  readonly connections: FakeConnection[] = [];
  /** What clients have asked for, in order. */
  readonly requests: ClientRequest[] = [];
  /** Decides about each request; everything is accepted by default. */
  onRequest: (request: ClientRequest) => RequestAnswer = () => ({});
  /** Decides about each credential that is sent in band; everything is taken by default. */
  onToken: (token: string) => boolean = () => true;
  readonly options: Required<Omit<FakeServerOptions, 'credentialMs'>> & Pick<FakeServerOptions, 'credentialMs'>;
  readonly #log: (PipelineEvent | Gap)[] = [];
  readonly #runs = new Map<string, { events: number; first: number; attempt: number }>();
  #epoch = 1;
  #head = 0;
  #acknowledged = 0;
  #down = false;

  constructor(options: FakeServerOptions = {}) {
    this.options = { userId: 'ada', pingIntervalMs: 15_000, pingTimeoutMs: 10_000, ackIntervalMs: 1000, ackEvery: 64, ...options };
    const server = this;
    this.WebSocket = class extends FakeConnection {
      constructor(url: string, protocols: string[]) {
        super(server, new URL(url), protocols);
        server.connections.push(this);
      }
    };
  }

  /** Names the history that its numbers belong to. */
  get epoch(): string {
    return `fake${this.#epoch}`;
  }

  /** The last number given. */
  get head(): number {
    return this.#head;
  }

  /** Up to where a client has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether it takes no connections. */
  get down(): boolean {
    return this.#down;
  }

  /** The connections that are open. */
  get open(): readonly FakeConnection[] {
    return this.connections.filter((connection) => connection.welcomed);
  }

  /** Says something: to every connection that is there, and to those that come back for it. A terminal event says how far its run went. */
  publish<Type extends EventType>(type: Type, data: EventOf<Type>['data'], place: Place = {}): EventOf<Type> {
    const { threadId = 't1', runId = 'r1', attempt } = place;
    const seq = ++this.#head;
    const event = {
      type,
      seq,
      id: `${this.epoch}-${seq}`,
      thread_id: threadId,
      run_id: runId,
      timestamp: Date.now() / 1000,
      data,
      ...(attempt !== undefined && attempt > 1 && { attempt }),
      ...this.#extentOf(type, JSON.stringify([threadId, runId]), runId !== '', attempt ?? 1),
    } as unknown as EventOf<Type>;
    this.#log.push(event);
    this.open.forEach((connection) => connection.deliver(event));
    return event;
  }

  /** Ends all connections, as a network does (1006), or a server, by its close code. They may come back at once. */
  drop(code = 1006, reason = ''): void {
    this.open.forEach((connection) => connection.end(code, reason));
  }

  /** Ends all connections, and takes no more until `start`. */
  stop(code = 1012, reason = 'server_shutdown'): void {
    this.#down = true;
    this.drop(code, reason);
  }

  start(): void {
    this.#down = false;
  }

  /** As after `kill -9`: connections are gone, and nobody knows what became of the next 2^20 numbers. */
  crash(): void {
    this.drop();
    this.#pass({ from: this.#head + 1, to: this.#head + crashJump, cause: 'server_restart', certain: false });
  }

  /** Retention removes what is kept up to this number. */
  expire(to: number): void {
    const rest = this.#log.filter((entry) => endOf(entry) > to);
    const gap: Gap = { type: 'gap', from: 1, to, cause: 'expired', replay: false, certain: true };
    this.#log.splice(0, this.#log.length, gap, ...rest);
  }

  /** Connections are gone, and what was kept with them: another history begins. */
  reset(): void {
    this.drop();
    this.#epoch++;
    this.#log.length = 0;
    this.#runs.clear();
    [this.#head, this.#acknowledged] = [0, 0];
  }

  /** Asks every page for a sign of life. */
  ping(): void {
    this.open.forEach((connection) => connection.tell({ type: 'ping', ts: Date.now() }));
  }

  /** A failure that the user is to be shown. */
  fail(error: Omit<ErrorMessage, 'type' | 'timestamp' | 'severity'> & Partial<Pick<ErrorMessage, 'severity'>>): void {
    this.open.forEach((connection) =>
      connection.tell({ type: 'error', severity: 'error', timestamp: Date.now() / 1000, ...error }),
    );
  }

  /** What a connection lacks that is level up to `seq`. */
  after(seq: number): readonly (PipelineEvent | Gap)[] {
    return this.#log.filter((entry) => endOf(entry) > seq);
  }

  /** What a client says; `undefined` for what has no answer. */
  handle(message: ClientMessage, connection: FakeConnection): void {
    switch (message.type) {
      case 'ack':
      case 'pong':
        this.#acknowledge(message.seq, connection);
        break;
      case 'replay':
        this.after(message.from - 1)
          .filter((entry) => startOf(entry) <= message.to)
          .forEach((entry) => connection.tell(entry.type === 'gap' ? entry : { ...entry, redelivery: 1 }));
        break;
      case 'authenticate':
        connection.tell(
          this.onToken(message.token)
            ? { type: 'authenticated', expires_in_ms: this.options.credentialMs ?? null, id: message.id }
            : refusal(message.id, { code: 'authentication_failed', message: 'The credential is not valid.' }),
        );
        break;
      default:
        this.#answer(message, connection);
    }
  }

  #answer(request: ClientRequest, connection: FakeConnection): void {
    this.requests.push(request);
    const answer = this.onRequest(request);
    if ('code' in answer) {
      connection.tell(refusal(request.id, answer));
      return;
    }
    connection.tell({ type: 'accepted', id: request.id, ...answer });
    if (request.type === 'chat_message') {
      const { id, content, thread_id: threadId, data } = request;
      this.publish('user_message', { content, message_id: id, ...(data !== undefined && { data }) }, { threadId, runId: '' });
    }
  }

  #acknowledge(seq: number, connection: FakeConnection): void {
    if (seq > connection.written) {
      connection.end(4400, 'invalid_message');
    }
    this.#acknowledged = Math.max(this.#acknowledged, seq);
  }

  #pass(gap: Omit<Gap, 'type' | 'replay'>): void {
    this.#head = gap.to;
    this.#log.push({ type: 'gap', replay: false, ...gap });
  }

  #extentOf(type: EventType, key: string, counts: boolean, attempt: number): object {
    if (!counts) {
      return {};
    }
    const known = this.#runs.get(key);
    const run = known !== undefined && known.attempt === attempt ? known : { events: 0, first: this.#head, attempt };
    run.events++;
    this.#runs.set(key, run);
    return isTerminal(type) ? { run: { events: run.events, first_seq: run.first, last_seq: this.#head } } : {};
  }
}

function refusal(id: string, { code, message }: { readonly code: string; readonly message: string }): ErrorMessage {
  return { type: 'error', code, message, severity: 'error', timestamp: Date.now() / 1000, id };
}

function startOf(entry: PipelineEvent | Gap): number {
  return entry.type === 'gap' ? entry.from : entry.seq;
}

function endOf(entry: PipelineEvent | Gap): number {
  return entry.type === 'gap' ? entry.to : entry.seq;
}
