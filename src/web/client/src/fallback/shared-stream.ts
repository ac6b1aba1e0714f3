import { socketClosed, socketConnecting, socketOpen, type Socket, type SocketEnd } from '../connection/socket.js';
import { closeLost } from '../protocol/close-codes.js';
import type { StreamSocket } from './stream-socket.js';

/** Part of `navigator.locks`. */
export interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly steal?: boolean; readonly signal?: AbortSignal },
    hold: (lock: object | null) => Promise<void> | void,
  ): Promise<unknown>;
}

/** Part of a `BroadcastChannel`. */
export interface Channel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What tabs of one browser have in common. */
export interface Browser {
  readonly locks: Locks;
  openChannel(name: string): Channel;
}

/** What tabs tell each other. */
type Told =
  /** A tab asks whose stream there is. */
  | { readonly kind: 'who' }
  /** It is here, and has come so far. */
  | { readonly kind: 'leader'; readonly id: string; readonly seq: number }
  | { readonly kind: 'frame'; readonly text: string }
  /** For the server. */
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'end'; readonly end: SocketEnd };

/** So many tabs catch up at once; a browser has six connections to a server, and the others are to be asked on. */
const catchingUpAtOnce = 2;
/** So long the others wait for one that does. */
const catchUpMs = 5000;
/** How long the tab that has the stream may be silent before another one takes over. */
const leaderTimeoutMs = 2000;
/** Frames of the other tab's stream that wait until the own one is level. */
const maxWaiting = 4096;
/** Requests whose answers are this tab's. */
const maxRequests = 256;

/**
 * One event stream for all tabs of a browser that speak for one user. Each begins with a stream of its own, so that its welcome and what it
 * lacks are the server's word, and when it is level goes over to the stream that another tab has, if one has; else its own is the one. What
 * that tab acknowledges counts for all. When the tab is gone, or silent, the others begin anew.
 */
export class SharedStream implements Socket {
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  onerror: Socket['onerror'] = null;
  readonly #browser: Browser;
  readonly #name: string;
  readonly #open: () => StreamSocket;
  readonly #random: () => number;
  readonly #stop = new AbortController();
  readonly #requests = new Set<string>();
  readonly #waiting: string[] = [];
  #role: 'alone' | 'leader' | 'follower' = 'alone';
  #own: StreamSocket | undefined;
  #channel: Channel | undefined;
  /** Of which history of whose; known with the welcome. */
  #history = '';
  /** What the welcome has promised, and how far the own stream has come. */
  #promised = Infinity;
  #seq = 0;
  /** The server's name of the own stream. */
  #id = '';
  /** The other tab's stream, and where it goes on. */
  #leader: { readonly id: string; readonly seq: number } | undefined;
  #changed: () => void = () => undefined;

  constructor(browser: Browser, name: string, open: () => StreamSocket, random: () => number = Math.random) {
    this.#browser = browser;
    this.#name = name;
    this.#open = open;
    this.#random = random;
    const turn = Math.floor(random() * catchingUpAtOnce) % catchingUpAtOnce;
    const { signal } = this.#stop;
    browser.locks.request(`${name} catching up ${turn}`, { signal }, () => this.#catchUp()).catch((error: unknown) => this.#failed(error));
  }

  get readyState(): number {
    if (this.#stop.signal.aborted) {
      return socketClosed;
    }
    return this.#role === 'follower' ? socketOpen : (this.#own?.readyState ?? socketConnecting);
  }

  send(text: string): void {
    const { type, id } = JSON.parse(text) as { readonly type: string; readonly id?: string };
    if (id !== undefined) {
      this.#requests.add(id);
      const [oldest] = this.#requests;
      if (this.#requests.size > maxRequests && oldest !== undefined) {
        this.#requests.delete(oldest);
      }
    }
    if (this.#role !== 'follower') {
      this.#own?.send(text);
    } else if (type !== 'ack' && type !== 'pong' && type !== 'authenticate') {
      this.#tell({ kind: 'say', text });
    }
  }

  close(): void {
    this.#stop.abort();
    this.#changed();
    this.#channel?.close();
    this.#own?.close();
  }

  async #catchUp(): Promise<void> {
    if (this.#stop.signal.aborted) {
      return;
    }
    const own = this.#open();
    this.#own = own;
    own.onmessage = ({ data }) => this.#fromServer(String(data));
    own.onclose = (end) => this.#ended(end);
    const level = this.#until(() => this.#seq >= this.#promised).then(() => this.#findRole());
    level.catch((error: unknown) => this.#failed(error));
    await Promise.race([level.catch(() => undefined), new Promise((resolve) => setTimeout(resolve, catchUpMs))]);
  }

  /** Fulfilled when it is so, or when nobody wants to know any more. */
  async #until(condition: () => boolean): Promise<void> {
    while (!this.#stop.signal.aborted && !condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  async #findRole(): Promise<void> {
    if (this.#stop.signal.aborted) {
      return;
    }
    const channel = this.#browser.openChannel(`${this.#name} ${this.#history}`);
    this.#channel = channel;
    channel.onmessage = ({ data }) => this.#fromTab(data as Told);
    if (await this.#lead({ ifAvailable: true })) {
      return;
    }
    this.#tell({ kind: 'who' });
    const timer = setTimeout(() => this.#changed(), leaderTimeoutMs);
    const until = performance.now() + leaderTimeoutMs;
    await this.#until(() => this.#isReady() || (this.#leader === undefined && performance.now() >= until));
    clearTimeout(timer);
    if (this.#stop.signal.aborted) {
      return;
    }
    if (this.#isReady()) {
      await this.#own?.drained();
      this.#follow();
    } else {
      await this.#lead({ steal: true });
    }
  }

  /** Whether nothing would be missing if the other tab's stream went on. */
  #isReady(): boolean {
    return this.#leader !== undefined && this.#seq >= this.#leader.seq;
  }

  /** Returns whether this tab's stream is the one now. */
  #lead(how: { readonly ifAvailable?: boolean; readonly steal?: boolean }): Promise<boolean> {
    return new Promise((resolve) => {
      const held = this.#browser.locks.request(`${this.#name} ${this.#history}`, how, async (lock) => {
        if (lock !== null && !this.#stop.signal.aborted) {
          this.#role = 'leader';
          this.#present();
          resolve(true);
          await this.#until(() => false);
        }
        resolve(false);
      });
      held.catch(() => this.#ended({ code: closeLost, reason: 'another tab has taken over', afterMs: 0 }));
    });
  }

  #follow(): void {
    this.#role = 'follower';
    const own = this.#own;
    this.#own = undefined;
    own?.close();
    this.#waiting.splice(0).forEach((text) => this.#pass(text));
    const { signal } = this.#stop;
    // Granted when the other tab is gone.
    this.#browser.locks
      .request(`${this.#name} ${this.#history}`, { signal }, () => this.#leaderGone())
      .catch((error: unknown) => this.#failed(error));
  }

  #leaderGone(): void {
    this.#ended({ code: closeLost, reason: 'the tab that had the connection is gone', afterMs: Math.round(this.#random() * 500) });
  }

  #fromServer(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    if (message['type'] === 'welcome') {
      this.#history = JSON.stringify([message['user_id'], message['tenant_id'], message['epoch']]);
      this.#id = String(message['connection_id']);
      this.#promised = Number(message['seq']);
      this.#seq = message['resumed'] === true ? 0 : Number(message['from']);
    }
    const reached = message['type'] === 'gap' ? (message['replay'] === true ? 0 : message['to']) : message['seq'];
    if (message['type'] !== 'welcome' && typeof reached === 'number') {
      this.#seq = Math.max(this.#seq, reached);
    }
    if (this.#role === 'leader') {
      this.#tell({ kind: 'frame', text });
    }
    this.#pass(text, message);
    this.#changed();
  }

  #fromTab(told: Told): void {
    if (this.#role === 'leader') {
      if (told.kind === 'who') {
        this.#present();
      } else if (told.kind === 'say') {
        this.#own?.send(told.text);
      }
    } else if (told.kind === 'leader') {
      if (this.#role === 'follower' && told.id !== this.#leader?.id) {
        this.#leaderGone();
      } else if (this.#role === 'alone') {
        this.#leader = told;
        this.#changed();
      }
    } else if (told.kind === 'end') {
      this.#ended(told.end);
    } else if (told.kind === 'frame' && this.#role === 'follower') {
      this.#pass(told.text);
    } else if (told.kind === 'frame' && this.#leader !== undefined) {
      this.#waiting.push(told.text);
      if (this.#waiting.length > maxWaiting) {
        this.#failed(new Error('the stream that is shared is too far ahead'));
      }
    }
  }

  /** What concerns one connection is not for those that share it, and an answer is for who has asked. */
  #pass(text: string, message = JSON.parse(text) as Record<string, unknown>): void {
    const { type, id } = message;
    const isAnswer = (type === 'accepted' || type === 'error') && typeof id === 'string';
    const isOthers = isAnswer && !this.#requests.delete(id);
    const isConnections = ['welcome', 'expiring', 'authenticated', 'reconnect', 'stay'].includes(String(type));
    if (!isOthers && !(this.#role === 'follower' && isConnections)) {
      this.onmessage?.({ data: text });
    }
  }

  #present(): void {
    this.#tell({ kind: 'leader', id: this.#id, seq: this.#seq });
  }

  #tell(told: Told): void {
    if (!this.#stop.signal.aborted) {
      this.#channel?.postMessage(told);
    }
  }

  #failed(error: unknown): void {
    this.#ended({ code: closeLost, reason: error instanceof Error ? error.message : String(error) });
  }

  #ended(end: SocketEnd): void {
    if (!this.#stop.signal.aborted) {
      if (this.#role === 'leader') {
        this.#tell({ kind: 'end', end });
      }
      this.close();
      this.onclose?.(end);
    }
  }
}
