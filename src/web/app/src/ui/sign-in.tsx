import { useEffect, useRef, useState } from 'preact/hooks';
import { userIdProblem, userOf } from '../protocol/user-id';
import type { Session } from '../session/session';
import type { SignInWays } from '../session/session-state';

interface Props {
  readonly session: Session;
  readonly ways: SignInWays;
  readonly reason: string | undefined;
  /** Whose conversation is on the screen. */
  readonly userId?: string;
  /** Only where it is all that there is: elsewhere somebody may be typing, and what they type is no key. */
  readonly focus?: boolean;
}

export function SignIn({ session, ways, reason, userId = '', focus = false }: Props) {
  return (
    <section class="sign-in" aria-labelledby="sign-in-title" data-testid="sign-in">
      <h2 id="sign-in-title">Sign in</h2>
      {reason !== undefined && <p class="sign-in-reason" role="alert" data-testid="sign-in-reason">{reason}</p>}
      {ways.openId && <a class="sign-in-button" href={session.openIdAddress} data-testid="sign-in-openid">Continue with OpenID Connect</a>}
      {ways.openId && ways.key && <p class="sign-in-or">or</p>}
      {ways.key && <KeyForm session={session} userId={userId} focus={focus} />}
      {!ways.key && !ways.openId && <p>This server offers no way to sign in.</p>}
    </section>
  );
}

function KeyForm({ session, userId, focus }: Pick<Required<Props>, 'session' | 'userId' | 'focus'>) {
  const [user, setUser] = useState(userOf(userId));
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const userInput = useRef<HTMLInputElement>(null);
  const keyInput = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (focus) {
      userInput.current?.focus();
    }
  }, []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) {
      return;
    }
    const wrongUser = userIdProblem(user.trim());
    if (wrongUser !== undefined || key.trim() === '') {
      setProblem(wrongUser ?? 'A key is needed.');
      (wrongUser === undefined ? keyInput : userInput).current?.focus();
      return;
    }
    setBusy(true);
    setProblem(undefined);
    const refused = await session.signIn(key.trim(), user.trim());
    if (refused !== undefined) {
      setBusy(false);
      setProblem(refused);
      keyInput.current?.select();
    }
  };

  return (
    <form class="sign-in-form" onSubmit={(event) => void submit(event)}>
      <label for="sign-in-user">User</label>
      <input
        id="sign-in-user"
        ref={userInput}
        autocomplete="username"
        spellcheck={false}
        value={user}
        onInput={(event) => setUser(event.currentTarget.value)}
      />
      <label for="sign-in-key">Key</label>
      <input
        id="sign-in-key"
        ref={keyInput}
        type="password"
        autocomplete="off"
        spellcheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby="sign-in-problem"
        value={key}
        onInput={(event) => setKey(event.currentTarget.value)}
      />
      <p id="sign-in-problem" class="sign-in-problem" role="alert" data-testid="sign-in-problem">{problem}</p>
      <button type="submit" class="sign-in-button primary" aria-disabled={busy}>{busy ? 'Signing in…' : 'Sign in'}</button>
    </form>
  );
}
