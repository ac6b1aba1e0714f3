import { type Notice, runKey } from 'netra-pipeline-client/runs';
import type { Threads } from './threads';

/** The notices that belong to no run that a thread shows: they concern the page. */
export function placedElsewhere(notices: readonly Notice[], threads: Threads): readonly Notice[] {
  return notices.filter((notice) => !hasRun(notice, threads));
}

function hasRun({ threadId, runId }: Notice, threads: Threads): boolean {
  if (runId === undefined) {
    return false;
  }
  if (threadId !== undefined) {
    return threads.get(threadId)?.conversation?.runs.has(runKey(threadId, runId)) === true;
  }
  return [...threads.values()].some(({ id, conversation }) => conversation?.runs.has(runKey(id, runId)) === true);
}
