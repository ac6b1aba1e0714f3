import { useSyncExternalStore } from 'preact/compat';
import { createHooks } from './hooks/hooks.js';

/** The hooks for Preact 10.11 and later. */
export const { useConnectionState, useRun, useRuns } = createHooks(useSyncExternalStore);
export type { Hooks } from './hooks/hooks.js';
