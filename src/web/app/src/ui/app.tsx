import { useEffect, useMemo } from 'preact/hooks';
import type { Addresses } from '../chat/chat';
import { Session } from '../session/session';
import { OpenChat } from './open-chat';
import { SessionChat } from './session-chat';
import { SignInPage } from './sign-in-page';
import { useStore } from './use-store';

/** The chat of whoever this page speaks for, once the server has said how that is known. */
export function App() {
  const session = useMemo(() => new Session(location.href), []);
  const state = useStore(session.store);
  useEffect(() => {
    void session.start();
    // What a sign-in that has failed has left in the address has been read.
    const address = new URL(location.href);
    if (address.searchParams.has('sign_in')) {
      address.searchParams.delete('sign_in');
      history.replaceState(null, '', address);
    }
    const look = (): void => {
      if (document.visibilityState === 'visible') {
        void session.lookAgain();
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      session.stop();
    };
  }, [session]);

  if (state.name === 'open') {
    return <OpenChat session={session} addresses={addresses()} />;
  }
  return 'userId' in state ? (
    <SessionChat key={state.userId} session={session} state={state} userId={state.userId} addresses={addresses()} />
  ) : (
    <SignInPage session={session} state={state} />
  );
}

function addresses(): Addresses {
  // Beside the page, under whatever prefix a proxy serves it.
  const socket = new URL('ws', location.href);
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
  return { socket: socket.href, stream: new URL('v1/stream', location.href).href, threads: new URL('v1/threads', location.href).href };
}
