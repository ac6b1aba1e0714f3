import { useEffect, useState } from 'preact/hooks';

/** Unix time in milliseconds, kept up to date while `active`. */
export function useNow(active: boolean, everyMs = 500): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!active) {
      return undefined;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [active, everyMs]);
  return now;
}
