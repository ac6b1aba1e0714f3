import { useEffect, useMemo } from 'preact/hooks';
import { Chat, type Addresses } from '../chat/chat';
import { forgetThread, readThread } from '../chat/identity';
import type { Session } from '../session/session';
import type { SessionState } from '../session/session-state';
import { Account } from './account';
import { ChatPage } from './chat-page';
import { SignIn } from './sign-in';
import { forgetDrafts } from './use-draft';

interface Props {
  readonly session: Session;
  readonly state: SessionState;
  readonly userId: string;
  readonly addresses: Addresses;
}

/** The chat of who has signed in. When the session is over, everything stays where it is, and the page asks to sign in again. */
export function SessionChat({ session, state, userId, addresses }: Props) {
  const chat = useMemo(() => new Chat(userId, readThread(userId), addresses, session.identityOf(userId)), []);
  useEffect(() => chat.start(), []);
  useEffect(() => {
    if (state.name === 'active' && state.reason === undefined) {
      chat.signedIn();
    }
  }, [state]);

  const signOut = async (): Promise<void> => {
    const problem = await session.signOut();
    if (problem === undefined) {
      forgetDrafts(userId);
      forgetThread();
    } else {
      chat.warn('sign_out_failed', `You are still signed in. ${problem}`);
    }
  };
  return (
    <ChatPage
      chat={chat}
      account={<Account userId={userId} onSignOut={() => void signOut()} />}
      dashboards={session.dashboards}
      signIn={'reason' in state && <SignIn session={session} ways={state.ways} reason={state.reason} userId={userId} />}
    />
  );
}
