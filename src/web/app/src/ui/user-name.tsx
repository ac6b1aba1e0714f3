import { useEffect, useRef, useState } from 'preact/hooks';
import { userIdProblem } from '../protocol/user-id';
import { Avatar } from './avatar';

interface Props {
  readonly userId: string;
  readonly onChange: (userId: string) => void;
}

/** Who is chatting; a click makes it editable. */
export function UserName({ userId, onChange }: Props) {
  const [draft, setDraft] = useState<string>();
  const button = useRef<HTMLButtonElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const problem = draft === undefined ? undefined : userIdProblem(draft.trim());

  const editing = draft !== undefined;
  useEffect(() => input.current?.select(), [editing]);

  const finish = (): void => {
    setDraft(undefined);
    requestAnimationFrame(() => button.current?.focus());
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (draft !== undefined && problem === undefined) {
      finish();
      if (draft.trim() !== userId) {
        onChange(draft.trim());
      }
    }
  };

  if (draft === undefined) {
    return (
      <button ref={button} type="button" class="user" title="Change the user name" onClick={() => setDraft(userId)}>
        <Avatar userId={userId} />
        <span class="visually-hidden">User name: </span>
        <span class="user-id" data-testid="user-id">{userId}</span>
      </button>
    );
  }
  return (
    <form class="user-form" onSubmit={submit}>
      <input
        aria-label="User name"
        aria-invalid={problem !== undefined}
        title={problem}
        value={draft}
        ref={input}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && finish()}
      />
      <button type="submit" disabled={problem !== undefined}>Use</button>
      {problem !== undefined && <p class="user-problem" role="alert">{problem}</p>}
    </form>
  );
}
