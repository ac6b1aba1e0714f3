import { useEffect, useRef, useState } from 'preact/hooks';
import { problemOf, type Api } from './api';

interface Props {
  readonly api: Api;
  readonly ways: readonly string[];
  readonly reason: string | undefined;
  readonly onSignedIn: () => void;
}

/** Where an operator signs in, with an API key that may view at least, or at a provider. */
export function SignIn({ api, ways, reason, onSignedIn }: Props) {
  return (
    <main class="sign-in" data-testid="sign-in" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">Sign in as an operator</h1>
      {reason !== undefined && (
        <p class="problem" role="alert">
          {reason}
        </p>
      )}
      {ways.includes('openid') && (
        <a class="button" href={api.address('v1/session/openid')}>
          Continue with OpenID Connect
        </a>
      )}
      {ways.includes('key') && <KeyForm api={api} onSignedIn={onSignedIn} />}
      {ways.length === 0 && <p>This server offers no way to sign in here.</p>}
    </main>
  );
}

function KeyForm({ api, onSignedIn }: Pick<Props, 'api' | 'onSignedIn'>) {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      await api.send('POST', api.address('v1/session'), { key: key.trim() });
      onSignedIn();
    } catch (error) {
      setProblem(problemOf(error));
      input.current?.select();
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <label>
        API key
        <input
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
          data-testid="key"
        />
      </label>
      {problem !== undefined && (
        <p class="problem" role="alert" data-testid="sign-in-problem">
          {problem}
        </p>
      )}
      <button type="submit" class="button primary">
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
