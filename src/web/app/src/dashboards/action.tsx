import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { problemOf } from './api';

interface Props {
  readonly run: () => Promise<unknown>;
  readonly children: ComponentChildren;
  /** What is asked before it is done; it is done at once where there is nothing to ask. */
  readonly confirm?: string;
  readonly done?: string;
  readonly disabled?: boolean;
  readonly label?: string;
  readonly testId?: string;
}

/** How long a question stays: a click much later was meant for something else. */
const patienceMs = 5000;

/** A button that does something on the server, and says what came of it where it was pressed. */
export function ActionButton({ run, children, confirm, done, disabled = false, label, testId }: Props) {
  const [state, setState] = useState<'idle' | 'asking' | 'busy'>('idle');
  const [said, setSaid] = useState<{ readonly problem: boolean; readonly text: string }>();
  const alive = useRef(true);
  useEffect(
    () => () => {
      alive.current = false;
    },
    [],
  );
  useEffect(() => {
    if (state !== 'asking') {
      return undefined;
    }
    const timer = setTimeout(() => setState('idle'), patienceMs);
    return () => clearTimeout(timer);
  }, [state]);
  const press = (): void => {
    if (state === 'busy' || disabled) {
      return;
    }
    setSaid(undefined);
    if (confirm !== undefined && state === 'idle') {
      setState('asking');
      return;
    }
    setState('busy');
    run()
      .then(
        () => alive.current && setSaid(done === undefined ? undefined : { problem: false, text: done }),
        (error: unknown) => alive.current && setSaid({ problem: true, text: problemOf(error) }),
      )
      .finally(() => alive.current && setState('idle'));
  };
  return (
    <span class="action">
      <button
        type="button"
        class={state === 'asking' ? 'button asking' : 'button'}
        aria-label={label}
        aria-disabled={disabled || state === 'busy'}
        onClick={press}
        data-testid={testId}
      >
        {state === 'asking' ? 'Really?' : children}
      </button>
      <span role="status" class={said?.problem ? 'problem' : 'quiet'}>
        {state === 'asking' ? confirm : said?.text}
      </span>
    </span>
  );
}
