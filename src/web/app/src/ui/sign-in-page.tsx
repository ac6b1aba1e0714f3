import type { Session } from '../session/session';
import type { SessionState } from '../session/session-state';
import { Brand } from './brand';
import { DashboardsLink } from './dashboards-link';
import { SignIn } from './sign-in';

interface Props {
  readonly session: Session;
  readonly state: SessionState;
}

/** The page before anybody's chat is on it. */
export function SignInPage({ session, state }: Props) {
  return (
    <div class="page">
      <header class="header">
        <Brand />
      </header>
      <main class="sign-in-page">
        {state.name === 'over' ? (
          <>
            <SignIn session={session} ways={state.ways} reason={state.reason} focus />
            <DashboardsLink address={session.dashboards} />
          </>
        ) : (
          <p class="quiet-note" role="status">
            {state.name === 'unknown' && state.problem !== undefined ? `${state.problem} Trying again…` : 'Connecting'}
          </p>
        )}
      </main>
    </div>
  );
}
