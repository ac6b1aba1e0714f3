import type { RequestStep } from 'netra-pipeline-client/runs';
import { shorten } from './format';
import { CheckIcon, CrossIcon, DashIcon } from './icons';
import { memo } from './memo';
import { answerWords } from './request-words';

const maxLength = 1000;

/** What a run has asked, when nothing is to be done about it any more. */
export const RequestLine = memo(({ step }: { readonly step: RequestStep }) => (
  <li class={`step step-request request-${step.state}`} data-testid="request-past" data-state={step.state}>
    <p class="request-question">{shorten(step.prompt, maxLength)}</p>
    <p class="request-outcome" data-testid="request-outcome">
      <Outcome step={step} />
    </p>
  </li>
));

function Outcome({ step: { asks, state, answer } }: { readonly step: RequestStep }) {
  if (answer !== undefined) {
    return (
      <>
        {answer.value === false ? <CrossIcon /> : <CheckIcon />}
        <span>
          {answerWords(asks, answer.value)} <span class="request-by">by {answer.by}</span>
        </span>
      </>
    );
  }
  return (
    <>
      <DashIcon />
      {state === 'history' ? 'Sent again by an operator: nothing is asked now' : 'No longer needed'}
    </>
  );
}
