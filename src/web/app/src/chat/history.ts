import type { PipelineEvent } from 'netra-pipeline-client';
import { isObject, parse } from 'netra-pipeline-client/runs';
import { readJson } from './thread-list';

export interface HistoryPage {
  readonly events: readonly PipelineEvent[];
  /** Where the page that follows begins; absent on the last. A page that has one may have no events. */
  readonly next?: number;
}

/** One page of a thread's events, in order (protocol 9.12). Rejects with words for people. */
export async function readHistory(list: string, threadId: string, after: number, signal: AbortSignal): Promise<HistoryPage> {
  const url = new URL(list);
  url.pathname += `/${encodeURIComponent(threadId)}/events`;
  url.searchParams.set('after', String(after));
  url.searchParams.set('limit', '1000');
  const page = await readJson(url, signal);
  if (!isObject(page) || !Array.isArray(page['events'])) {
    throw new Error('The server answered with something that is no history.');
  }
  const numbered = page['events'].map((event) => parse(JSON.stringify(event))).filter((parsed) => parsed.kind === 'numbered');
  const events = numbered.flatMap(({ event }) => (event === undefined ? [] : [event]));
  const next = page['next'] ?? undefined;
  if (next === undefined) {
    return { events };
  }
  if (typeof next !== 'number' || !(next > after)) {
    throw new Error('The server answered with a history that does not go on.');
  }
  return { events, next };
}
