import { useEffect, useState } from 'preact/hooks';
import { CheckIcon } from './icons';

const shownMs = 10_000;

/** Says for a while what came late, so that nobody wonders. The empty status is there before, since it is what speaks. */
export function CaughtUp({ events }: { readonly events: number | undefined }) {
  const [shown, setShown] = useState<number>();
  useEffect(() => {
    setShown(events);
    const timer = events === undefined ? undefined : setTimeout(() => setShown(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [events]);
  return (
    <p class="caught-up" role="status" data-testid="caught-up">
      {shown !== undefined && (
        <>
          <CheckIcon /> Caught up: {shown === 1 ? 'one event' : `${shown} events`} came late. Nothing is missing.
        </>
      )}
    </p>
  );
}
