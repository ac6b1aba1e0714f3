import { useEffect } from 'preact/hooks';
import type { ConnectionState } from '../connection/state';
import type { Chat } from '../chat/chat';
import { ConnectionStatus } from './connection-status';
import { UserName } from './user-name';

interface Props {
  readonly chat: Chat;
  readonly connection: ConnectionState;
  /** What the thread is called. */
  readonly title: string | undefined;
  readonly onUserChange: (userId: string) => void;
}

export function Header({ chat, connection, title, onUserChange }: Props) {
  useEffect(() => {
    document.title = title === undefined ? 'Netra' : `${title} – Netra`;
  }, [title]);
  return (
    <header class="header">
      <h1 class="brand">
        <img src="favicon.svg" alt="" width="26" height="26" />
        Netra
      </h1>
      {title !== undefined && <p class="thread-title" data-testid="thread-title">{title}</p>}
      <ConnectionStatus state={connection} onRetry={() => chat.reconnect()} />
      <UserName userId={chat.userId} onChange={onUserChange} />
    </header>
  );
}
