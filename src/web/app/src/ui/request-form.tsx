import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Json } from 'netra-pipeline-client';
import type { RequestStep } from 'netra-pipeline-client/runs';
import type { AnswerState } from '../chat/commands';
import { formatMoment, shorten } from './format';
import { PauseIcon, Spinner, WarningIcon } from './icons';
import { answerWords, isFinalRefusal, refusalWords } from './request-words';
import { useDraft } from './use-draft';
import { useNow } from './use-now';

const maxPromptLength = 20_000;
/** Well below the 64 KiB an answer may have, however the text is encoded. */
const maxTextLength = 16_000;

interface Props {
  readonly step: RequestStep;
  /** Where an answer that is being typed is kept. */
  readonly draftKey: string;
  readonly answer: AnswerState | undefined;
  readonly onAnswer: (value: Json) => void;
}

/** What a run asks, and how to answer it. */
export function RequestForm({ step, draftKey, answer, onAnswer }: Props) {
  const id = useId();
  const refused = answer?.name === 'failed' ? answer.failure : undefined;
  const blocked = answer !== undefined && (refused === undefined || isFinalRefusal(refused));
  return (
    <div
      ref={useFocusBack()}
      class="request"
      role="group"
      aria-labelledby={id}
      data-testid="request"
      data-kind={step.asks}
      data-request-id={step.requestId}
    >
      <p id={id} class="request-prompt" data-testid="request-prompt">
        <PauseIcon />
        <span>{shorten(step.prompt, maxPromptLength)}</span>
      </p>
      <Controls step={step} draftKey={draftKey} blocked={blocked} onAnswer={(value) => !blocked && onAnswer(value)} />
      {step.until !== undefined && <Until until={step.until} />}
      <p class="request-note" role="status" data-testid="request-progress">
        {answer !== undefined && answer.name !== 'failed' && (
          <>
            <Spinner /> {answer.name === 'sending' ? 'Sending' : 'Sent'}: {answerWords(step.asks, answer.value)}
          </>
        )}
      </p>
      {refused !== undefined && (
        <p class="request-note request-failure" role="alert" data-testid="request-error">
          <WarningIcon />
          <span>
            {refusalWords(refused)} <code class="notice-code">{refused.code}</code>
          </span>
        </p>
      )}
    </div>
  );
}

interface ControlsProps {
  readonly step: RequestStep;
  readonly draftKey: string;
  readonly blocked: boolean;
  readonly onAnswer: (value: Json) => void;
}

function Controls({ step, draftKey, blocked, onAnswer }: ControlsProps) {
  switch (step.asks) {
    case 'approval':
      return (
        <div class="request-buttons">
          <AnswerButton blocked={blocked} primary onClick={() => onAnswer(true)}>Approve</AnswerButton>
          <AnswerButton blocked={blocked} onClick={() => onAnswer(false)}>Decline</AnswerButton>
        </div>
      );
    case 'choice':
      return (
        <div class="request-buttons">
          {(step.options ?? []).map((option) => (
            <AnswerButton key={option} blocked={blocked} onClick={() => onAnswer(option)}>{option}</AnswerButton>
          ))}
        </div>
      );
    case 'text':
      return <TextAnswer draftKey={draftKey} blocked={blocked} onAnswer={onAnswer} />;
    default:
      return <p class="request-note">This is answered elsewhere, and not on this page.</p>;
  }
}

interface AnswerButtonProps {
  readonly blocked: boolean;
  readonly primary?: boolean;
  readonly onClick: () => void;
  readonly children: string;
}

/** Not `disabled`, which would take the focus away from whoever has just pressed it. */
function AnswerButton({ blocked, primary = false, onClick, children }: AnswerButtonProps) {
  return (
    <button
      type="button"
      class={primary ? 'request-button primary' : 'request-button'}
      aria-disabled={blocked}
      data-testid="request-answer"
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function TextAnswer({ draftKey, blocked, onAnswer }: Omit<ControlsProps, 'step'>) {
  const [draft, setDraft, forget] = useDraft(draftKey);
  const send = (event: Event): void => {
    event.preventDefault();
    if (draft.trim() !== '') {
      onAnswer(draft);
      forget();
    }
  };
  return (
    <form class="request-text" onSubmit={send}>
      <textarea
        aria-label="Your answer"
        data-testid="request-text"
        rows={1}
        maxLength={maxTextLength}
        readOnly={blocked}
        value={draft}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && !event.shiftKey && !event.isComposing && send(event)}
      />
      <button
        type="submit"
        class="request-button primary"
        aria-disabled={blocked || draft.trim() === ''}
        data-testid="request-answer"
      >
        Answer
      </button>
    </form>
  );
}

function Until({ until }: { readonly until: number }) {
  const now = useNow(true, 1000);
  const late = now >= until * 1000;
  const moment = <time dateTime={new Date(until * 1000).toISOString()}>{formatMoment(until, now)}</time>;
  return (
    <p class={late ? 'request-until request-late' : 'request-until'} data-testid="request-until" data-late={late}>
      {late ? <>It is past {moment}. An answer is still taken, but it may come too late.</> : <>An answer is of use until {moment}.</>}
    </p>
  );
}

/** When the form goes, because somebody has answered, whoever was in it goes on in the run and not at the top of the page. */
function useFocusBack() {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const form = ref.current;
    return () => {
      if (form?.contains(document.activeElement) === true) {
        form.closest<HTMLElement>('.run')?.focus({ preventScroll: true });
      }
    };
  }, []);
  return ref;
}
