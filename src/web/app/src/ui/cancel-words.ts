import type { CancelState } from '../chat/commands';

/** How far a request to stop has come. */
export function cancelWords(state: CancelState): string {
  return state === 'taken' ? 'Stopping …' : 'Asked to stop …';
}
