import { useEffect, useState } from 'preact/hooks';

const shownMs = 2000;

interface Props {
  readonly text: string;
}

export function CopyButton({ text }: Props) {
  const [outcome, setOutcome] = useState<'Copied' | 'Not copied'>();
  useEffect(() => {
    const timer = outcome === undefined ? undefined : setTimeout(() => setOutcome(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome('Copied');
    } catch {
      // Without TLS there is no clipboard, and a browser may refuse it.
      setOutcome('Not copied');
    }
  };
  return (
    <button type="button" class="copy" onClick={() => void copy()}>
      <span aria-live="polite">{outcome ?? 'Copy'}</span>
    </button>
  );
}
