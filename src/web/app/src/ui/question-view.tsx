import type { Question } from 'netra-pipeline-client/runs';
import { Spinner, WarningIcon } from './icons';

interface Props {
  readonly question: Question;
  readonly onRetry: () => void;
}

export function QuestionView({ question, onRetry }: Props) {
  return (
    <div class={`question question-${question.state}`} data-testid="question" data-state={question.state}>
      <h2 class="visually-hidden">Question</h2>
      <p class="question-text">{question.content}</p>
      {question.state === 'sending' && <p class="question-note" role="status"><Spinner /> Sending</p>}
      {question.state === 'failed' && (
        <p class="question-note question-failure" role="alert" data-testid="question-failure">
          <WarningIcon />
          <span>Failed: {question.failure?.message}</span>
          <button type="button" class="link" data-testid="question-retry" onClick={onRetry}>Try again</button>
        </p>
      )}
      {question.state === 'undelivered' && (
        <p class="question-note question-failure" role="alert" data-testid="question-undelivered">
          <WarningIcon />
          <span>Not delivered: {question.failure?.message}</span>
          <button type="button" class="link" data-testid="question-retry" onClick={onRetry}>Send it again</button>
        </p>
      )}
    </div>
  );
}
