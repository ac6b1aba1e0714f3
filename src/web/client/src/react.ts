import { useSyncExternalStore } from 'react';
import { createHooks } from './hooks/hooks.js';

/** The hooks for React 18 and later. */
export const { useConnectionState, useRun, useRuns } = createHooks(useSyncExternalStore);
export type { Hooks } from './hooks/hooks.js';
