import type { PipelineClient } from '../connection/pipeline-client.js';
import type { ConnectionState } from '../connection/state.js';
import type { Run } from '../run/run.js';
import type { RunsState, RunStore } from '../run/run-store.js';

/** React's, or one like it. */
export type UseSyncExternalStore = <T>(subscribe: (listener: () => void) => () => void, read: () => T, readOnServer: () => T) => T;

export interface Hooks {
  /** Where the connection stands, of which every change renders. The application connects and disconnects the client by itself. */
  useConnectionState(client: PipelineClient): ConnectionState;
  /** Everything that is to be shown. */
  useRuns(runs: RunStore): RunsState;
  /** One run, by its key (`runKey(threadId, runId)`): renders when this run changes, and not for others. */
  useRun(runs: RunStore, key: string): Run | undefined;
}

export function createHooks(use: UseSyncExternalStore): Hooks {
  const read = <T>(subscribe: (listener: () => void) => () => void, get: () => T): T => use(subscribe, get, get);
  return {
    useConnectionState: (client) => read(client.subscribe, () => client.state),
    useRuns: (runs) => read(runs.subscribe, () => runs.state),
    useRun: (runs, key) => read(runs.subscribe, () => runs.state.conversation.runs.get(key)),
  };
}
