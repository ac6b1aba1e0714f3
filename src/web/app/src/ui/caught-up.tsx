import { useEffect, useState } from 'preact/hooks';
import type { CaughtUp as State } from '../chat/chat-state';
import { CheckIcon } from './icons';

const shownMs = 10_000;

/** Says for a while what came late, so that nobody wonders. The empty status is there before, since it is what speaks. */
export function CaughtUp({ state }: { readonly state: State | undefined }) {
  const [shown, setShown] = useState<State>();
  useEffect(() => {
    setShown(state);
    const timer = state === undefined ? undefined : setTimeout(() => setShown(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <p class="caught-up" role="status" data-testid="caught-up">
      {shown !== undefined && (
        <>
          <CheckIcon /> Caught up: {shown.events === 1 ? 'one event' : `${shown.events} events`} came late.
          {shown.whole && ' Nothing is missing.'}
        </>
      )}
    </p>
  );
}
