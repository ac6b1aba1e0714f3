import type { ClientMessage, ClientRequest } from '../protocol/client-messages.js';
import { blamesTransport, CloseCode, describeClose, endsForGood } from '../protocol/close-codes.js';
import { parse } from '../protocol/parse.js';
import type { Accepted, ServerMessage, Welcome } from '../protocol/server-messages.js';
import { backoff } from './backoff.js';
import type { ConnectionOptions } from './connection-options.js';
import { Departure } from './departure.js';
import type { ConnectionHandler } from './handler.js';
import { Inbox } from './inbox.js';
import { Renewal } from './renewal.js';
import { Requests } from './requests.js';
import type { Resume } from './resume.js';
import { socketOpen, type Socket } from './socket.js';
import type { ConnectionState } from './state.js';
import { Transports } from './transports.js';
import { Watchdog } from './watchdog.js';

const connectTimeoutMs = 10_000;
/** A connection that lived this long ends a row of failed attempts. A shorter one must not: it may fail in the same way again. */
const stableMs = 5000;

/**
 * One user's connection to the pipeline, through any number of WebSockets, or event streams where those do not get through.
 * Every ending of one goes through `#disconnect`, and whatever it says after that is ignored.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handler: ConnectionHandler;
  readonly #inbox: Inbox;
  readonly #requests: Requests;
  readonly #watchdog: Watchdog;
  readonly #transports: Transports;
  readonly #departure: Departure;
  /** Only where tickets say who connects. */
  readonly #renewal: Renewal | undefined;
  #state: ConnectionState = { name: 'disconnected', reason: 'not connected yet' };
  #socket: Socket | undefined;
  #resume: { readonly epoch: string; readonly from: number } | undefined;
  #attempt = 0;
  #connectedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#handler = options.handler;
    this.#transports = new Transports(options);
    this.#departure = new Departure(
      () => this.#transports.serverReady(),
      (reason) => this.#disconnect(CloseCode.asked, { afterMs: 0, detail: reason }),
      options.random ?? Math.random,
    );
    this.#inbox = new Inbox(options.handler, (message) => this.#send(message), () => this.#disconnect(CloseCode.unrepaired));
    this.#requests = new Requests((message) => this.#state.name === 'connected' && this.#send(message));
    this.#renewal = options.takeTicket && new Renewal(
      options.takeTicket,
      (message) => this.#send(message),
      ({ code, message }) => this.#ticketRefused(code, message),
      (vain) => this.#handler.onCredentialEnding(vain),
      options.random ?? Math.random,
    );
    this.#watchdog = new Watchdog(() => this.#disconnect(CloseCode.silence));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Connects, unless it does already. */
  connect(): void {
    if (this.#state.name === 'disconnected' || this.#state.name === 'failed') {
      this.#attempt = 0;
      const { reason } = this.#state;
      this.#setState(this.#resume === undefined ? { name: 'connecting', attempt: 0 } : { name: 'recovering', attempt: 0, reason });
      this.#open();
    }
  }

  close(): void {
    this.#disconnect(CloseCode.normal, { reconnect: false });
    this.#requests.close();
  }

  /** Sends a message and returns the server's answer; rejects with a `RequestError` when there is none. */
  request(message: ClientRequest): Promise<Accepted> {
    return this.#requests.add(message);
  }

  /** Circumstances have changed for the better: do not sit out the rest of a waiting time. */
  retryNow(): void {
    if ('retryAt' in this.#state) {
      this.#reopen();
    }
  }

  /** Somebody has signed in: connects where it does not, and lets a connection go on under the new session. */
  signedIn(): void {
    this.connect();
    this.retryNow();
    if (this.#state.name === 'connected') {
      this.#renewal?.renew();
    }
  }

  /** The browser says that it is online again, perhaps in another network. */
  online(): void {
    this.#transports.reconsider();
    this.retryNow();
  }

  /** The browser says that it is offline. A socket would notice only much later. */
  offline(): void {
    if (this.#socket !== undefined) {
      this.#disconnect(CloseCode.offline);
    }
  }

  #open(): void {
    clearTimeout(this.#timer);
    const socket = this.#transports.open(this.#resumePoint());
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#disconnect(CloseCode.connectTimeout), connectTimeoutMs);
    socket.onmessage = (event) => {
      if (this.#socket === socket) {
        this.#receive(event.data);
      }
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) {
        this.#disconnect(event.code, { reconnect: event.reconnect ?? !endsForGood(event.code), detail: event.reason });
      }
    };
  }

  #reopen(): void {
    if ('retryAt' in this.#state) {
      const { retryAt: _, ...state } = this.#state;
      this.#setState(state);
      this.#open();
    }
  }

  /** What the application is told while there is no connection and one is wanted. */
  get #wanting(): 'connecting' | 'recovering' {
    return this.#resume === undefined ? 'connecting' : 'recovering';
  }

  #resumePoint(): Resume | undefined {
    return this.#resume === undefined ? undefined : { ...this.#resume, seq: this.#inbox.position };
  }

  /** The one funnel through which every connection ends. */
  #disconnect(
    code: number,
    { reconnect = true, afterMs, detail = '' }: { reconnect?: boolean; afterMs?: number; detail?: string } = {},
  ): void {
    const socket = this.#socket;
    const wasConnected = this.#state.name === 'connected';
    const askedFor = this.#departure.ended();
    this.#socket = undefined;
    clearTimeout(this.#timer);
    this.#watchdog.stop();
    this.#renewal?.stop();
    this.#inbox.stop();
    socket?.close(code === CloseCode.normal || (code >= 3000 && code < 4000) ? code : CloseCode.normal);

    if (socket !== undefined && !wasConnected && blamesTransport(code)) {
      this.#transports.failed();
    }
    const meaning = describeClose(code, wasConnected);
    const reason = detail === '' ? meaning : `${meaning} (${detail})`;
    if (!reconnect) {
      this.#setState(code === CloseCode.normal ? { name: 'disconnected', reason } : { name: 'failed', code, reason });
    } else {
      if (wasConnected && performance.now() - this.#connectedAt >= stableMs) {
        this.#attempt = 0;
      }
      const delay = afterMs ?? askedFor ?? backoff(this.#attempt, this.#options.random ?? Math.random);
      this.#attempt++;
      this.#timer = setTimeout(() => this.#reopen(), delay);
      this.#setState({ name: this.#wanting, attempt: this.#attempt, reason, retryAt: Date.now() + delay });
    }
    this.#requests.disconnected();
  }

  /** A connection goes on to the end of its own credential, unless it is another user who is signed in now. */
  #ticketRefused(code: number, detail: string): void {
    if (code === CloseCode.identityChanged) {
      this.#disconnect(code, { reconnect: false, detail });
    }
  }

  #receive(data: unknown): void {
    this.#watchdog.heard();
    const parsed = parse(data);
    const connected = this.#state.name === 'connected';
    const welcomes = parsed.kind === 'message' && parsed.message.type === 'welcome';
    if (connected === welcomes) {
      this.#handler.onFault({ code: 'malformed_message', message: 'The server did not begin with its welcome, or repeated it.' });
      this.#disconnect(CloseCode.outOfTurn);
    } else if (parsed.kind === 'numbered') {
      this.#inbox.numbered(parsed);
    } else if (parsed.kind === 'message') {
      this.#dispatch(parsed.message);
    } else if (parsed.kind === 'malformed') {
      this.#handler.onFault({ code: 'malformed_message', message: `The server sent ${parsed.problem}.` });
    }
  }

  #dispatch(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message);
      case 'gap':
        return this.#inbox.gap(message);
      case 'ping':
        this.#send({ type: 'pong', seq: this.#inbox.carry(), ts: message.ts });
        return;
      case 'accepted':
        return this.#requests.accepted(message);
      case 'command_taken':
        return this.#handler.onCommandTaken(message);
      case 'error':
        return this.#renewal?.failed(message) || this.#requests.refused(message) ? undefined : this.#handler.onError(message);
      case 'expiring':
        return this.#renewal?.expiring(message);
      case 'authenticated':
        return this.#renewal?.authenticated(message);
      case 'reconnect':
        return this.#departure.ask(message);
      case 'stay':
        return this.#departure.forget();
    }
  }

  #welcome(welcome: Welcome): void {
    clearTimeout(this.#timer);
    const continued = this.#resume !== undefined;
    this.#resume = { epoch: welcome.epoch, from: welcome.from };
    this.#connectedAt = performance.now();
    this.#watchdog.start(welcome.ping_interval_ms + welcome.ping_timeout_ms);
    if (continued && !welcome.resumed) {
      this.#handler.onReset();
    }
    this.#transports.worked();
    this.#renewal?.begin(welcome);
    this.#setState({ name: 'connected', welcome, transport: this.#transports.current });
    this.#inbox.begin(welcome);
    this.#requests.connected();
  }

  #send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== socketOpen) {
      return false;
    }
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#handler.onState(state);
  }
}
