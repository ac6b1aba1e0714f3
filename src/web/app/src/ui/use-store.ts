import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../chat/store';

/** A page that nobody sees has no frames, but a title that says what is new. */
const hiddenMs = 1000;

/** The store's state, rendered at most once per frame however many events arrive. */
export function useStore<TState>(store: Store<TState>): TState {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    let cancel: (() => void) | undefined;
    const show = (): void => {
      cancel?.();
      cancel = undefined;
      setState(store.state);
    };
    const later = (): void => {
      if (document.visibilityState === 'hidden') {
        const timer = setTimeout(show, hiddenMs);
        cancel = () => clearTimeout(timer);
      } else {
        const frame = requestAnimationFrame(show);
        cancel = () => cancelAnimationFrame(frame);
      }
    };
    const unsubscribe = store.subscribe(() => {
      if (cancel === undefined) {
        later();
      }
    });
    document.addEventListener('visibilitychange', show);
    show();
    return () => {
      unsubscribe();
      document.removeEventListener('visibilitychange', show);
      cancel?.();
    };
  }, [store]);
  return state;
}
