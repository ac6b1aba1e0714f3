import { isTicket, UnauthorizedError } from '../connection/credentials.js';
import type { CreateFallback } from '../connection/fallback.js';
import type { Socket } from '../connection/socket.js';
import { CloseCode } from '../protocol/close-codes.js';
import { DeferredSocket } from './deferred-socket.js';
import { explain } from './explain.js';
import { postJson, type Post } from './post.js';
import { SharedStream, type Browser, type Channel, type Locks } from './shared-stream.js';
import { openBrowserStream, StreamSocket, type OpenStream } from './stream-socket.js';
import { TransportChoice } from './transport-choice.js';

const timeoutMs = 10_000;

export interface EventStreamOptions {
  /** Where the server's event streams are; `v1/stream` beside the WebSocket by default. In a page it may be relative to it. */
  readonly url?: string | URL;
  /** Opens one; an `EventSource` by default. */
  readonly openStream?: OpenStream;
  /** Brings what this client says to the server; by `fetch` by default. */
  readonly post?: Post;
  /**
   * What the tabs of this browser have in common, so that they share one stream: a browser has six connections to a server, and each
   * stream takes one. Web Locks and a `BroadcastChannel` by default, where there are both; `false` for a stream of each tab's own.
   */
  readonly browser?: Browser | false;
}

/**
 * Event streams and requests (protocol 9.3) for networks that let no WebSocket through: used when three WebSockets in a row have failed
 * although the server answers, and left for a WebSocket again every five minutes, and when the browser is in another network.
 */
export function eventStreams(options: EventStreamOptions = {}): CreateFallback {
  const { openStream = openBrowserStream, post = postJson, browser = thisBrowser() } = options;
  return (socketUrl, serverReady) => {
    const beside = socketUrl.href.replace(/^ws/, 'http');
    const url = new URL(options.url ?? new URL('v1/stream', beside), globalThis.location?.href).href;
    const choice = new TransportChoice(serverReady);
    return {
      url,
      get next() {
        return choice.next;
      },
      open: (address, credential) =>
        withTicket(url, credential, (ticket) => {
          const open = (): StreamSocket => new StreamSocket(ticketed(address, ticket), openStream, post);
          return browser === false ? open() : new SharedStream(browser, `netra ${url}`, open);
        }),
      worked: (transport) => choice.worked(transport),
      failed: (transport) => choice.failed(transport),
      reconsider: () => choice.reconsider(),
    };
  };
}

/** Locks are there in secure contexts alone. */
function thisBrowser(): Browser | false {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as Locks | undefined;
  return locks === undefined || globalThis.BroadcastChannel === undefined
    ? false
    : { locks, openChannel: (name) => new BroadcastChannel(name) as Channel };
}

/** An `EventSource` cannot set `Authorization`: a token is exchanged for a ticket (protocol 12.2). */
function withTicket(url: string, credential: string | undefined, open: (ticket: string | undefined) => Socket): Socket {
  return credential === undefined || isTicket(credential)
    ? open(credential)
    : new DeferredSocket((signal) => takeTicket(new URL('tickets', url), credential, signal), open);
}

async function takeTicket(url: URL, token: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const { ticket } = response.ok ? ((await response.json()) as { readonly ticket?: unknown }) : {};
  if (typeof ticket === 'string') {
    return ticket;
  }
  const reason = await explain(response, `the server answered with ${response.status}`);
  throw response.status === 403 ? new UnauthorizedError(reason, CloseCode.signedOut) : new Error(reason);
}

function ticketed(address: string, ticket: string | undefined): string {
  const url = new URL(address);
  if (ticket !== undefined) {
    url.searchParams.set('ticket', ticket);
  }
  return url.href;
}
