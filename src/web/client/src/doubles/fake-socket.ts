import type { Socket } from '../connection/socket.js';
import { criticalFrame, tokenFrame, welcomeFrame } from './frames.js';

/** The server's end of a WebSocket that exists only in a test: what the page said, and what it shall hear. */
export class FakeSocket implements Socket {
  static readonly all: FakeSocket[] = [];

  readonly url: URL;
  readonly protocols: readonly string[];
  readonly sent: Record<string, unknown>[] = [];
  readyState = 0;
  closedWith: number | undefined;
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;

  constructor(url: string, protocols: string[]) {
    this.url = new URL(url);
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }

  /** The one that was opened last. */
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (socket === undefined) {
      throw new Error('No socket has been opened.');
    }
    return socket;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedWith = code;
  }

  // From here on: what the server does.

  receive(message: object): void {
    this.readyState = 1;
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  welcome(members: object = {}): void {
    this.receive(welcomeFrame(members));
  }

  /** A token, or with members, any other event. */
  event(seq: number, members: object = {}): void {
    this.receive(tokenFrame(seq, members));
  }

  /** Tokens that the server has joined into one frame. */
  joined(from: number, seq: number, members: object = {}): void {
    const numbers = Array.from({ length: seq - from + 1 }, (_, index) => `${from + index} `);
    this.receive(tokenFrame(seq, { from_seq: from, data: { delta: numbers.join('') }, ...members }));
  }

  critical(seq: number, members: object = {}): void {
    this.receive(criticalFrame(seq, members));
  }

  /** The end of run `r1` that began with event `first`. */
  completed(seq: number, first: number, events = seq - first + 1, members: object = {}): void {
    this.event(seq, {
      type: 'agent_completed',
      data: { agent_name: 'demo', metadata: {}, timestamp: 1 },
      run: { events, first_seq: first, last_seq: seq },
      ...members,
    });
  }

  end(code: number, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** What the page has said of one type. */
  said(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message['type'] === type);
  }
}
