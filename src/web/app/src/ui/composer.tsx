import type { CancelState } from '../chat/commands';
import { cancelWords } from './cancel-words';
import { SendIcon, StopIcon } from './icons';
import { useDraft } from './use-draft';

/** Well below the 64 KiB a client message may have, however the text is encoded. */
const maxLength = 16_000;

interface Props {
  /** Where the draft is kept while the page is left. */
  readonly draftKey: string;
  readonly onType: () => void;
  readonly onSend: (content: string) => void;
  /** Present while a run is active. */
  readonly onCancel?: () => void;
  readonly cancel: CancelState | undefined;
}

export function Composer({ draftKey, onType, onSend, onCancel, cancel }: Props) {
  const [draft, setDraft] = useDraft(draftKey);
  const content = draft.trim();

  const send = (event: Event): void => {
    event.preventDefault();
    if (content !== '') {
      onSend(content);
      setDraft('');
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // Enter that ends the composition of a character belongs to the input method.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      send(event);
    }
  };

  return (
    <form class="composer" onSubmit={send}>
      <div class="composer-box">
        <label class="visually-hidden" for="composer-input">Your question</label>
        <textarea
          id="composer-input"
          data-testid="composer-input"
          rows={1}
          maxLength={maxLength}
          placeholder="Ask something"
          aria-describedby="composer-hint"
          value={draft}
          onInput={(event) => {
            onType();
            setDraft(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
        {onCancel !== undefined && (
          // Not `disabled`, which would take the focus away from whoever has just pressed it.
          <button
            type="button"
            class="composer-cancel"
            data-testid="composer-cancel"
            aria-disabled={cancel !== undefined}
            onClick={() => cancel === undefined && onCancel()}
          >
            <StopIcon /> {cancel === undefined ? 'Cancel' : cancelWords(cancel)}
          </button>
        )}
        <button type="submit" class="primary" data-testid="composer-send" disabled={content === ''}>
          <SendIcon /> Send
        </button>
      </div>
      <p id="composer-hint" class="composer-hint">Enter sends, Shift and Enter begin a new line.</p>
    </form>
  );
}
