import type { EventStream } from '../fallback/stream-socket.js';

/** The server's end of an event stream that exists only in a test, and of the requests that belong to it. */
export class FakeStream implements EventStream {
  static readonly all: FakeStream[] = [];
  /** What the page has posted, to whichever stream: path and body. */
  static readonly posts: { readonly address: URL; readonly body: Record<string, unknown> }[] = [];
  /** What becomes of the next posts; a test lets it reject. */
  static onPost: () => Promise<void> = () => Promise.resolve();

  readonly url: URL;
  closed = false;
  onmessage: ((event: { readonly data: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  #onEnd: ((event: { readonly data: string }) => void) | undefined;

  constructor(url: string) {
    this.url = new URL(url);
    FakeStream.all.push(this);
  }

  static get last(): FakeStream {
    const stream = FakeStream.all.at(-1);
    if (stream === undefined) {
      throw new Error('No stream has been opened.');
    }
    return stream;
  }

  static reset(): void {
    FakeStream.all.length = 0;
    FakeStream.posts.length = 0;
    FakeStream.onPost = () => Promise.resolve();
  }

  static post(this: void, url: string, body: object): Promise<void> {
    FakeStream.posts.push({ address: new URL(url), body: body as Record<string, unknown> });
    return FakeStream.onPost();
  }

  addEventListener(_: 'end', listener: (event: { readonly data: string }) => void): void {
    this.#onEnd = listener;
  }

  close(): void {
    this.closed = true;
  }

  // From here on: what the server does.

  receive(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(data: object): void {
    this.#onEnd?.({ data: JSON.stringify(data) });
  }

  break(): void {
    this.onerror?.(undefined as never);
  }
}
