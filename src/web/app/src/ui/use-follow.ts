import type { RefObject } from 'preact';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';

const nearPx = 48;

interface Follow {
  readonly ref: RefObject<HTMLElement | null>;
  /** Whether the newest is in view, and stays there. */
  readonly following: boolean;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
}

/** Keeps a scrolled element at its end while new content comes, unless the reader has scrolled back. */
export function useFollow(content: unknown): Follow {
  const ref = useRef<HTMLElement>(null);
  const [following, setFollowing] = useState(true);

  const toEnd = useCallback(() => {
    ref.current?.scrollTo({ top: ref.current.scrollHeight });
    setFollowing(true);
  }, []);
  const onScroll = useCallback(() => {
    const element = ref.current;
    if (element !== null) {
      setFollowing(element.scrollHeight - element.clientHeight - element.scrollTop < nearPx);
    }
  }, []);
  useLayoutEffect(() => {
    if (following) {
      ref.current?.scrollTo({ top: ref.current.scrollHeight });
    }
  }, [content, following]);

  return { ref, following, onScroll, toEnd };
}
