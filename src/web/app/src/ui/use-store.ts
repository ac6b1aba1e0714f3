import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../chat/store';

/** The store's state, rendered at most once per frame however many events arrive. */
export function useStore<TState>(store: Store<TState>): TState {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    let frame = 0;
    const show = (): void => {
      frame = 0;
      setState(store.state);
    };
    const unsubscribe = store.subscribe(() => {
      frame ||= requestAnimationFrame(show);
    });
    show();
    return () => {
      unsubscribe();
      cancelAnimationFrame(frame);
    };
  }, [store]);
  return state;
}
