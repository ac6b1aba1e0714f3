import { PipelineClient } from 'netra-pipeline-client';
import { eventStreams } from 'netra-pipeline-client/fallback';
import { useRuns } from 'netra-pipeline-client/react';
import { RunStore } from 'netra-pipeline-client/runs';

const runs = new RunStore();
const client = new PipelineClient({ url: '/ws', userId: 'ada', start: 'kept', fallback: eventStreams() }, runs);
client.connect();

export function Answers(): string {
  return [...useRuns(runs).conversation.runs.values()].map((run) => run.answer).join('\n');
}
