import { useEffect, useMemo, useState } from 'preact/hooks';
import { Chat, type Addresses } from '../chat/chat';
import { readThread, readUser, writeUser } from '../chat/identity';
import { ChatPage } from './chat-page';

/** One chat for the present user; another name begins another chat. */
export function App() {
  const [userId, setUserId] = useState(readUser);
  const chat = useMemo(() => new Chat(userId, readThread(userId), addresses()), [userId]);
  useEffect(() => chat.start(), [chat]);

  const changeUser = (next: string): void => {
    writeUser(next);
    setUserId(next);
  };
  return <ChatPage key={userId} chat={chat} onUserChange={changeUser} />;
}

function addresses(): Addresses {
  // Beside the page, under whatever prefix a proxy serves it.
  const socket = new URL('ws', location.href);
  socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';
  return { socket: socket.href, stream: new URL('v1/stream', location.href).href };
}
