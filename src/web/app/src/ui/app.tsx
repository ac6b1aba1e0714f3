import { useEffect, useMemo, useState } from 'preact/hooks';
import { Chat } from '../chat/chat';
import { readThread, readUser, writeUser } from '../chat/identity';
import { ChatPage } from './chat-page';

/** One chat for the present user; another name begins another chat. */
export function App() {
  const [userId, setUserId] = useState(readUser);
  const chat = useMemo(() => new Chat(userId, readThread(userId), socketUrl()), [userId]);
  useEffect(() => chat.start(), [chat]);

  const changeUser = (next: string): void => {
    writeUser(next);
    setUserId(next);
  };
  return <ChatPage key={userId} chat={chat} onUserChange={changeUser} />;
}

function socketUrl(): string {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
