import { useEffect, useMemo, useState } from 'preact/hooks';
import { Chat, type Addresses } from '../chat/chat';
import { forgetThread, readThread, readUser, writeUser } from '../chat/identity';
import type { Session } from '../session/session';
import { ChatPage } from './chat-page';
import { UserName } from './user-name';

interface Props {
  readonly session: Session;
  readonly addresses: Addresses;
}

/** One chat for the present user, where nobody signs in; another name begins another chat. */
export function OpenChat({ session, addresses }: Props) {
  const [userId, setUserId] = useState(readUser);
  const chat = useMemo(() => new Chat(userId, readThread(userId), addresses), [userId]);
  useEffect(() => chat.start(), [chat]);

  const changeUser = (next: string): void => {
    writeUser(next);
    forgetThread();
    setUserId(next);
  };
  return (
    <ChatPage
      key={userId}
      chat={chat}
      account={<UserName userId={userId} onChange={changeUser} />}
      dashboards={session.dashboards}
    />
  );
}
