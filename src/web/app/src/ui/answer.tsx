import type { Run } from 'netra-pipeline-client/runs';
import { MarkdownView } from '../markdown/markdown-view';

interface Props {
  readonly run: Run;
  /** Whether the run waits for something, and says nothing meanwhile. */
  readonly waiting: boolean;
}

export function Answer({ run, waiting }: Props) {
  if (run.answer === '') {
    return null;
  }
  const streaming = run.status === 'running' && !waiting;
  return (
    <div class={streaming ? 'answer answer-streaming' : 'answer'} data-testid="answer">
      {run.omittedCharacters > 0 && <p class="quiet-note">The first {run.omittedCharacters} characters are not shown.</p>}
      <MarkdownView key={run.attempt} source={run.answer} omitted={run.omittedCharacters} streaming={streaming} />
    </div>
  );
}
