import { PipelineClient } from 'netra-pipeline-client';
import { RunStore } from 'netra-pipeline-client/runs';

/** One user's connection, and what came of it. */
export interface Session {
  readonly client: PipelineClient;
  readonly runs: RunStore;
}

/** Connects to nothing yet: whoever shows it does. */
export function createSession(url: string, userId: string): Session {
  const runs = new RunStore();
  return { client: new PipelineClient({ url, userId, start: 'kept' }, runs), runs };
}
