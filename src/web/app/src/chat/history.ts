import type { PipelineEvent } from 'netra-pipeline-client';
import { isObject, parse } from 'netra-pipeline-client/runs';
import { readJson } from './thread-list';

export interface HistoryPage {
  readonly events: readonly PipelineEvent[];
  /** The number of the last one, or what was asked for where there is none. */
  readonly last: number;
  readonly more: boolean;
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
  return {
    events: numbered.flatMap(({ event }) => (event === undefined ? [] : [event])),
    last: Math.max(after, ...numbered.map(({ seq }) => seq)),
    more: page['next'] !== undefined && page['next'] !== null,
  };
}
