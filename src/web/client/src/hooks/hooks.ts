import type { PipelineClient } from '../connection/pipeline-client.js';
import type { ConnectionState } from '../connection/state.js';
import { nothing } from '../run/nothing.js';
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

const unconnected: ConnectionState = { name: 'disconnected', reason: 'not connected yet' };

/**
 * A page that takes over what a server has rendered must first render the same, even where the client has connected by then: a server has
 * no connection. What a server itself renders is what is there, such as runs of which somebody has told the store.
 */
export function createHooks(use: UseSyncExternalStore): Hooks {
  const read = <T>(subscribe: (listener: () => void) => () => void, get: () => T, ofServer: T): T =>
    use(subscribe, get, () => (globalThis.document === undefined ? get() : ofServer));
  return {
    useConnectionState: (client) => read(client.subscribe, () => client.state, unconnected),
    useRuns: (runs) => read(runs.subscribe, () => runs.state, nothing),
    useRun: (runs, key) => read(runs.subscribe, () => runs.state.conversation.runs.get(key), undefined),
  };
}
