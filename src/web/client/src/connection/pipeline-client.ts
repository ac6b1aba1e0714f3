import type { ClientMessage } from '../protocol/client-messages.js';
import {
  blamesTransport,
  closeAsked,
  closeBehind,
  CloseCode,
  closeConnectTimeout,
  closeNoCredential,
  closeNormal,
  closeNotOpened,
  closeOffline,
  closeOutOfTurn,
  closeSilence,
  closeUnrepaired,
  describeClose,
  endsForGood,
} from '../protocol/close-codes.js';
import { parse } from '../protocol/parse.js';
import type { Accepted, ServerMessage, Welcome } from '../protocol/server-messages.js';
import { backoff } from './backoff.js';
import { followBrowser } from './browser-signals.js';
import type { ClientOptions } from './client-options.js';
import { UnauthorizedError } from './credentials.js';
import { Departure } from './departure.js';
import { tellOf, type ClientHandlers, type Tell } from './handler.js';
import { Inbox } from './inbox.js';
import { Renewal } from './renewal.js';
import { Requests, type NewRequest } from './requests.js';
import type { Resume } from './resume.js';
import { socketOpen, type Socket } from './socket.js';
import type { ConnectionState } from './state.js';
import { Transports } from './transports.js';
import { Watchdog } from './watchdog.js';

/**
 * A connection that lived this long ends a row of failed attempts. A shorter one must not: it may fail in the same way again. A longer
 * time would have people wait for many seconds on a line that drops now and then (bench/results/client-recovery.md).
 */
const stableMs = 1000;

/**
 * One user's connection to the pipeline, through any number of WebSockets, or what the fallback has where those do not get through.
 * Every ending of one goes through `#disconnect`, and whatever it says after that is ignored.
 */
export class PipelineClient {
  readonly #options: ClientOptions;
  readonly #tell: Tell;
  readonly #random: () => number;
  readonly #inbox: Inbox;
  readonly #requests: Requests;
  readonly #watchdog: Watchdog;
  readonly #transports: Transports;
  readonly #departure: Departure;
  /** Only where somebody says who connects. */
  readonly #renewal: Renewal | undefined;
  readonly #listeners = new Set<() => void>();
  #state: ConnectionState = { name: 'disconnected', reason: 'not connected yet' };
  #attempted: AbortController | undefined;
  #socket: Socket | undefined;
  /** Whose history it is, and which one. */
  #history: { readonly user: string; readonly epoch: string; readonly from: number } | undefined;
  #loaded = false;
  #everConnected = false;
  #unfollow: (() => void) | undefined;
  #attempt = 0;
  #connectedAt = 0;
  /** The application still handles what came before the connection was given up for that. */
  #behind = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Connects to nothing yet: `connect` does. Throws a `TypeError` where there is no WebSocket and none was passed, or no valid address. */
  constructor(options: ClientOptions, handlers: ClientHandlers) {
    this.#options = options;
    this.#tell = tellOf(handlers);
    this.#random = options.random ?? Math.random;
    this.#transports = new Transports(options);
    this.#departure = new Departure(
      this.#transports.serverReady,
      (detail) => this.#disconnect(closeAsked, { afterMs: 0, detail }),
      this.#random,
    );
    this.#inbox = new Inbox(
      handlers,
      this.#tell,
      {
        send: (message) => this.#send(message),
        unrepaired: () => this.#disconnect(closeUnrepaired),
        behind: () => this.#fallBehind(),
        level: () => this.#catchUp(),
        progressed: () => this.#keep(),
      },
      options.maxQueued ?? 1024,
    );
    this.#requests = new Requests(
      (message) => this.#state.name === 'connected' && this.#send(message),
      options.requestTimeoutMs ?? 10_000,
      options.maxRequests ?? 32,
    );
    this.#renewal = options.getToken && new Renewal(
      options.getToken,
      (message) => this.#send(message),
      ({ code, message }) => this.#unauthorized(code, message),
      (vain) => this.#tell('onCredentialEnding', vain),
      this.#random,
    );
    this.#watchdog = new Watchdog(() => this.#disconnect(closeSilence));
    options.signal?.addEventListener('abort', () => this.disconnect());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Told after every change of the state, beside `onState`; returns how to stop. What it throws is an uncaught error. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Connects, unless it does already, and stays so until `disconnect`. Throws the signal's reason when that was aborted. */
  connect(): void {
    this.#options.signal?.throwIfAborted();
    if (this.#state.name === 'disconnected' || this.#state.name === 'failed') {
      this.#attempt = 0;
      this.#setState({ name: this.#wanting, attempt: 0, reason: this.#state.reason });
      if (this.#options.followBrowser !== false) {
        this.#unfollow ??= followBrowser({
          online: () => this.#online(),
          offline: () => this.#offline(),
          seen: () => this.retryNow(),
          leaving: () => this.#keep(),
        });
      }
      this.#begin();
    }
  }

  /** Says goodbye. Events that wait for the application are not told; `connect` goes on after the last one that was handled. */
  disconnect(): void {
    this.#inbox.drop();
    if (this.#state.name !== 'disconnected') {
      this.#disconnect(closeNormal, { reconnect: false });
    }
    this.#requests.close();
  }

  /**
   * Sends a message and returns the server's answer, when it is there; rejects with a `RequestError` when there will be none, and with the
   * signal's reason. Without an `id` it gets one.
   */
  request(message: NewRequest, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Accepted> {
    return this.#requests.add(message, signal);
  }

  /** Circumstances have changed for the better: do not sit out the rest of a waiting time. */
  retryNow(): void {
    if ('retryAt' in this.#state) {
      this.#reopen();
    }
  }

  /** There is another credential, since somebody has signed in: connects where it does not, and goes on under it where it does. */
  refreshToken(): void {
    this.connect();
    this.retryNow();
    if (this.#state.name === 'connected') {
      this.#renewal?.renew();
    }
  }

  /** Perhaps in another network. */
  #online(): void {
    this.#transports.reconsider();
    this.retryNow();
  }

  /** A socket would notice only much later. */
  #offline(): void {
    if (!('retryAt' in this.#state)) {
      this.#disconnect(closeOffline);
    }
  }

  /** An earlier page may have left its position, and the browser may have gone offline before that was read. */
  #begin(): void {
    const { storage, connectTimeoutMs = 10_000 } = this.#options;
    if (storage === undefined || this.#loaded) {
      this.#open();
      return;
    }
    const { state } = this;
    // One that never answers would leave the page connecting for ever.
    const late = new Promise<never>((_, reject) => (this.#timer = setTimeout(reject, connectTimeoutMs, 'no answer')));
    void this.#tryStorage(() => Promise.race([storage.load(), late])).then((position) => {
      if (this.#state === state) {
        this.#loaded = true;
        if (position !== undefined) {
          this.#history = position;
          this.#inbox.restore(position.seq);
          this.#setState({ name: 'recovering', attempt: 0, reason: 'the page was loaded again' });
        }
        this.#open();
      }
    });
  }

  async #tryStorage<T>(use: () => T): Promise<Awaited<T> | undefined> {
    try {
      return await use();
    } catch (cause) {
      this.#tell('onFault', { code: 'storage_failed', message: `The position cannot be kept: ${String(cause)}`, cause });
      return undefined;
    }
  }

  #open(): void {
    const { getToken, connectTimeoutMs = 10_000 } = this.#options;
    const { signal } = (this.#attempted = new AbortController());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#disconnect(closeConnectTimeout), connectTimeoutMs);
    if (getToken === undefined) {
      this.#handshake();
      return;
    }
    new Promise<string>((resolve) => resolve(getToken({ renewing: false, signal }))).then(
      (credential) => signal.aborted || this.#handshake(credential),
      (error: unknown) => signal.aborted || this.#noCredential(error),
    );
  }

  #noCredential(error: unknown): void {
    const code = error instanceof UnauthorizedError ? error.code : closeNoCredential;
    this.#disconnect(code, { reconnect: !endsForGood(code), detail: error instanceof Error ? error.message : String(error) });
  }

  #handshake(credential?: string): void {
    let socket: Socket;
    try {
      socket = this.#transports.open(this.#resumePoint(), credential);
    } catch (error) {
      this.#disconnect(closeNotOpened, { reconnect: false, detail: String(error) });
      return;
    }
    this.#socket = socket;
    socket.onmessage = (event) => {
      if (this.#socket === socket) {
        this.#receive(event.data);
      }
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) {
        const { code, reason, reconnect = !endsForGood(code), afterMs } = event;
        this.#disconnect(code, { reconnect, detail: reason, afterMs });
      }
    };
    // Told by the close that follows. Without a listener the package `ws` would throw it.
    socket.onerror = () => undefined;
  }

  #reopen(): void {
    if ('retryAt' in this.#state) {
      const { retryAt: _, ...state } = this.#state;
      this.#setState(state);
      this.#begin();
    }
  }

  /** What the application is told while there is no connection and one is wanted. */
  get #wanting(): 'connecting' | 'recovering' {
    return this.#history === undefined ? 'connecting' : 'recovering';
  }

  #resumePoint(): Resume | undefined {
    return this.#history && { epoch: this.#history.epoch, seq: this.#inbox.position, from: this.#history.from };
  }

  /** The one funnel through which every connection ends. */
  #disconnect(
    code: number,
    { reconnect = true, afterMs, detail = '' }: { reconnect?: boolean; afterMs?: number | undefined; detail?: string } = {},
  ): void {
    const socket = this.#socket;
    const wasConnected = this.#state.name === 'connected';
    const askedFor = this.#departure.ended();
    this.#attempted?.abort();
    this.#socket = undefined;
    clearTimeout(this.#timer);
    this.#watchdog.stop();
    this.#renewal?.stop();
    this.#inbox.stop();
    this.#keep();
    socket?.close(code >= 3000 && code < 4000 ? code : closeNormal);

    if (socket !== undefined && !wasConnected && blamesTransport(code)) {
      this.#transports.failed();
    }
    const meaning = describeClose(code, wasConnected);
    const reason = detail === '' ? meaning : `${meaning} (${detail})`;
    if (!reconnect) {
      this.#behind = false;
      this.#unfollow?.();
      this.#unfollow = undefined;
      this.#setState(code === closeNormal ? { name: 'disconnected', reason } : { name: 'failed', code, reason });
    } else {
      if (wasConnected && performance.now() - this.#connectedAt >= stableMs) {
        this.#attempt = 0;
      }
      const delay = afterMs ?? askedFor ?? backoff(this.#attempt, this.#random);
      const state = { name: this.#wanting, attempt: ++this.#attempt, reason };
      if (!this.#behind) {
        this.#timer = setTimeout(() => this.#reopen(), delay);
      }
      this.#setState(this.#behind ? state : { ...state, retryAt: Date.now() + delay });
    }
    this.#requests.disconnected();
  }

  /** A browser reads on whether or not the application keeps up: what waits is bounded by leaving, and coming back for the rest. */
  #fallBehind(): void {
    this.#behind = true;
    this.#disconnect(closeBehind);
  }

  #catchUp(): void {
    if (this.#behind) {
      this.#behind = false;
      this.#open();
    }
  }

  /** A connection goes on to the end of its own credential, unless it is another user who is signed in now. */
  #unauthorized(code: number, detail: string): void {
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
      this.#tell('onFault', { code: 'malformed_message', message: 'The server sent no welcome, or two.' });
      this.#disconnect(closeOutOfTurn);
    } else if (parsed.kind === 'numbered') {
      this.#inbox.numbered(parsed);
    } else if (parsed.kind === 'message') {
      this.#dispatch(parsed.message);
    } else if (parsed.kind === 'malformed') {
      this.#tell('onFault', { code: 'malformed_message', message: `The server sent ${parsed.problem}.` });
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
        return this.#tell('onCommandTaken', message);
      case 'error':
        return this.#renewal?.failed(message) || this.#requests.refused(message) ? undefined : this.#tell('onError', message);
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
    const user = JSON.stringify([welcome.user_id, welcome.tenant_id]);
    const continued = this.#history !== undefined;
    if (continued && this.#history?.user !== user) {
      this.#otherUser();
      return;
    }
    this.#history = { user, epoch: welcome.epoch, from: welcome.from };
    this.#everConnected = true;
    this.#connectedAt = performance.now();
    this.#watchdog.start(welcome.ping_interval_ms + welcome.ping_timeout_ms);
    if (continued && !welcome.resumed) {
      this.#inbox.drop();
      this.#tell('onReset');
    }
    this.#transports.worked();
    this.#renewal?.begin(welcome);
    this.#setState({ name: 'connected', welcome, transport: this.#transports.current });
    this.#inbox.begin(welcome, continued);
    this.#keep();
    this.#requests.connected();
  }

  /** A position says nothing in the history of somebody else, who would miss events by it. */
  #otherUser(): void {
    if (this.#everConnected) {
      this.#disconnect(CloseCode.identityChanged, { reconnect: false });
    } else {
      // It was an earlier page's.
      this.#history = undefined;
      this.#inbox.restore(0);
      this.#disconnect(closeNormal, { afterMs: 0 });
    }
  }

  #keep(): void {
    const resume = this.#resumePoint();
    if (resume !== undefined && this.#everConnected) {
      void this.#tryStorage(() => this.#options.storage?.save({ user: this.#history!.user, ...resume }));
    }
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
    this.#tell('onState', state);
    this.#listeners.forEach((listener) => listener());
  }
}
