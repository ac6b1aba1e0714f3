import { explain } from 'netra-pipeline-client/fallback';
import { isObject } from 'netra-pipeline-client/runs';

/** What `GET /v1/threads` says of a thread (protocol 9.12), as far as it is used here. */
export interface ListedThread {
  readonly thread_id: string;
  readonly title?: string;
  readonly last_event: { readonly seq: number; readonly timestamp: number };
  readonly open_runs: readonly string[];
  readonly waiting: readonly { readonly run_id: string; readonly request_id: string }[];
}

export interface ListedThreads {
  readonly threads: readonly ListedThread[];
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

const timeoutMs = 15_000;

/** One page of the user's threads, the one with the latest event first. Rejects with words for people. */
export async function listThreads(address: string, after: string | undefined, signal: AbortSignal): Promise<ListedThreads> {
  const url = new URL(address);
  if (after !== undefined) {
    url.searchParams.set('after', after);
  }
  const page = await readJson(url, signal);
  const threads = isObject(page) && Array.isArray(page['threads']) ? page['threads'].filter(isListed) : undefined;
  if (threads === undefined) {
    throw new Error('The server answered with something that is no list of conversations.');
  }
  const next = (page as { readonly next?: unknown }).next;
  return { threads: threads as unknown as ListedThread[], ...(typeof next === 'string' && { next }) };
}

/** The answer to a question about the user's threads. */
export async function readJson(url: URL, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
  if (!response.ok) {
    throw new Error(await explain(response, `The server answered with ${response.status}.`));
  }
  return response.json();
}

function isListed(value: unknown): boolean {
  if (!isObject(value) || typeof value['thread_id'] !== 'string') {
    return false;
  }
  const { last_event: last, title } = value;
  return (
    isObject(last) &&
    typeof last['seq'] === 'number' &&
    typeof last['timestamp'] === 'number' &&
    (title === undefined || typeof title === 'string') &&
    Array.isArray(value['open_runs']) &&
    Array.isArray(value['waiting'])
  );
}
