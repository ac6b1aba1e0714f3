import { useState } from 'preact/hooks';
import type { ThoughtStep } from 'netra-pipeline-client/runs';
import { formatDuration } from './format';
import { memo } from './memo';

/** A streamed thought that is no longer than this is shown like a whole one. */
const shortLength = 280;

interface Props {
  readonly step: ThoughtStep;
  /** Whether its pieces are coming in now. */
  readonly live: boolean;
}

export const ThoughtView = memo(({ step, live }: Props) => {
  const [chosen, setChosen] = useState<boolean>();
  if (step.streamed === undefined || (step.text.length <= shortLength && step.omittedCharacters === 0)) {
    return <li class="step step-thought" data-testid="thinking">{step.text}</li>;
  }
  const open = chosen ?? live;
  const toggle = (event: Event): void => {
    event.preventDefault();
    setChosen(!open);
  };
  const durationMs = (step.streamed.lastAt - step.streamed.startedAt) * 1000;
  return (
    <li class="step step-thought" data-testid="thinking" data-live={live}>
      <details open={open}>
        <summary onClick={toggle}>{live ? 'Thinking …' : `Thought for ${formatDuration(durationMs)}`}</summary>
        {open && (
          // It is scrolled from its end, so that the newest stays in view.
          <div class="thought" tabIndex={0} role="region" aria-label="Thought">
            <div class="thought-text" data-testid="thought-text">
              {step.omittedCharacters > 0 && <p class="quiet-note">The first {step.omittedCharacters} characters are not shown.</p>}
              {step.text.split(/\n{2,}/).map((paragraph, index) => (
                <Paragraph key={index} text={paragraph} />
              ))}
            </div>
          </div>
        )}
      </details>
    </li>
  );
});

const Paragraph = memo(({ text }: { readonly text: string }) => <p>{text}</p>);
