import { ApiError, explain } from './api';
import { EventSourceParser } from './event-source-parser';

/** How it is with a feed. `lost` has the reason, and that the feed is being tried again; `refused` is tried no more by itself. */
export type FeedState =
  | { readonly name: 'connecting' | 'live' | 'paused' }
  | { readonly name: 'lost'; readonly reason: string }
  | { readonly name: 'refused'; readonly status: number; readonly reason: string };

/** Who is told of a feed. */
export interface FeedHandler<T> {
  onState(state: FeedState): void;
  onData(data: T): void;
}

/** What a feed needs of its surroundings; tests bring their own. */
export interface FeedSurroundings {
  readonly fetch: (address: string, init: RequestInit) => Promise<Response>;
  readonly random: () => number;
}

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/** The server gives a sign of life every 15 s. One that missed two of them is gone, whatever the network says. */
const silenceMs = 35_000;

/**
 * A dashboard's feed: read until it is stopped, begun anew when it is lost. It goes by `fetch` instead of an `EventSource`, which does not
 * say why it was refused.
 */
export class Feed<T> {
  readonly #address: string;
  readonly #handler: FeedHandler<T>;
  readonly #around: FeedSurroundings;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(address: string, handler: FeedHandler<T>, around: Partial<FeedSurroundings> = {}) {
    this.#address = address;
    this.#handler = handler;
    this.#around = { fetch: (where, init) => fetch(where, init), random: Math.random, ...around };
  }

  /** Begins, or goes on after a pause. */
  start(): void {
    if (this.#abort === undefined && this.#timer === undefined) {
      this.#handler.onState({ name: 'connecting' });
      void this.#run();
    }
  }

  /** Ends it: nothing is told any more until it is started again. */
  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#timer = undefined;
    this.#abort?.abort();
    this.#abort = undefined;
  }

  /** Ends it, and says that it was meant to. */
  pause(): void {
    this.stop();
    this.#handler.onState({ name: 'paused' });
  }

  async #run(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    let hint: number | undefined;
    let reason = 'The feed has ended.';
    try {
      this.#listen(abort);
      const response = await this.#around.fetch(this.#address, {
        cache: 'no-store',
        headers: { Accept: 'text/event-stream' },
        signal: abort.signal,
      });
      if (!response.ok || response.body === null) {
        throw new ApiError(response.status, await explain(response));
      }
      hint = await this.#read(response.body, abort);
      reason = hint === undefined ? reason : 'The server stops.';
    } catch (error) {
      reason = error instanceof ApiError ? error.message : 'The server cannot be reached.';
      // What it refuses it would refuse again; busy, stopping or broken servers are tried again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && this.#abort === abort) {
        this.stop();
        this.#handler.onState({ name: 'refused', status: error.status, reason });
        return;
      }
    }
    if (this.#abort === abort) {
      this.stop();
      this.#comeBack(reason, hint);
    }
  }

  /** Reads to the end; returns after how long the server wants to be asked again, if it said so. */
  async #read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<number | undefined> {
    const [reader, decoder, parser] = [body.getReader(), new TextDecoder(), new EventSourceParser()];
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) {
        return undefined;
      }
      this.#listen(abort);
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        if (event.type === 'end') {
          const end = JSON.parse(event.data) as {
            readonly reason: string;
            readonly reconnect: boolean;
            readonly retry_ms: number;
          };
          if (!end.reconnect) {
            throw new ApiError(401, 'Your session is over. Sign in again to go on.');
          }
          return end.retry_ms;
        }
        if (event.type === 'state' && this.#abort === abort) {
          this.#failures = 0;
          this.#handler.onState({ name: 'live' });
          this.#handler.onData(JSON.parse(event.data) as T);
        }
      }
    }
  }

  #listen(abort: AbortController): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => abort.abort(), silenceMs);
  }

  #comeBack(reason: string, hint: number | undefined): void {
    const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures++);
    this.#handler.onState({ name: 'lost', reason });
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        void this.#run();
      },
      hint ?? firstPauseMs / 2 + this.#around.random() * longest,
    );
  }
}
