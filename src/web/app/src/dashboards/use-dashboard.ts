import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Api } from './api';
import { Feed, type FeedState } from './feed';
import { useNow } from './use-now';

/** What a dashboard shows at the moment, and how old that is. */
export interface Live<T> {
  readonly data: T | undefined;
  readonly feed: FeedState;
  /** Seconds since the last news; `undefined` before the first. */
  readonly age: number | undefined;
  /** Whether what is shown is older than it should be, though nobody paused it. */
  readonly isStale: boolean;
}

/** How many intervals may be missed before what is shown is called stale, and how much more for a slow network. */
const missed = 2;
const graceSeconds = 2;

/**
 * Follows a dashboard's feed. A page that nobody sees is not fed, and goes on when it is looked at; what it shows is as old as it says.
 *
 * @param address The feed; `undefined` for none yet.
 * @param intervalSeconds How often it has news.
 * @param paused Whether it is paused by hand.
 */
export function useDashboard<T>(address: string | undefined, intervalSeconds: number, paused: boolean): Live<T> {
  const [data, setData] = useState<{ readonly of: string; readonly value: T }>();
  const [state, setState] = useState<FeedState>({ name: 'connecting' });
  const told = useRef<number | undefined>(undefined);
  const subject = address?.replace(/interval_s=\d+/, '');
  useEffect(() => {
    if (address === undefined) {
      return undefined;
    }
    const feed = new Feed<T>(address, {
      onState: setState,
      onData: (value) => {
        told.current = performance.now();
        setData({ of: subject ?? '', value });
      },
    });
    const look = (): void => {
      if (paused) {
        feed.pause();
      } else if (document.visibilityState === 'hidden') {
        feed.stop();
      } else {
        feed.start();
      }
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      feed.stop();
    };
  }, [address, paused]);

  useNow(1000);
  // What was shown of another user is nothing of this one.
  const shown = data?.of === subject ? data?.value : undefined;
  const age = shown === undefined || told.current === undefined ? undefined : (performance.now() - told.current) / 1000;
  return {
    data: shown,
    feed: state,
    age,
    isStale: !paused && age !== undefined && age > intervalSeconds * missed + graceSeconds,
  };
}

/** Something that is asked for once, and again whenever `key` changes. */
export interface Asked<T> {
  readonly data: T | undefined;
  readonly problem: string | undefined;
}

/** Asks a route; the answer to an earlier question never replaces that to a later one. `address` is `undefined` for nothing to ask. */
export function useAsked<T>(api: Api, address: string | undefined, key: unknown = 0): Asked<T> {
  const [asked, setAsked] = useState<Asked<T> & { readonly of?: string }>({ data: undefined, problem: undefined });
  useEffect(() => {
    if (address === undefined) {
      return undefined;
    }
    let isOver = false;
    api.get<T>(address).then(
      (data) => !isOver && setAsked({ data, problem: undefined, of: address }),
      (error: unknown) =>
        !isOver &&
        setAsked({
          data: undefined,
          problem: error instanceof Error ? error.message : String(error),
          of: address,
        }),
    );
    return () => {
      isOver = true;
    };
  }, [api, address, key]);
  return useMemo(() => (asked.of === address ? asked : { data: undefined, problem: undefined }), [asked, address]);
}
