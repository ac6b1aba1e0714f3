import type { ConnectionState } from '../connection/state';
import type { Chat } from '../chat/chat';
import { ConnectionStatus } from './connection-status';
import { UserName } from './user-name';

interface Props {
  readonly chat: Chat;
  readonly connection: ConnectionState;
  readonly onUserChange: (userId: string) => void;
}

export function Header({ chat, connection, onUserChange }: Props) {
  return (
    <header class="header">
      <h1 class="brand">
        <img src="/favicon.svg" alt="" width="26" height="26" />
        Netra
      </h1>
      <ConnectionStatus state={connection} onRetry={() => chat.reconnect()} />
      <UserName userId={chat.userId} onChange={onUserChange} />
    </header>
  );
}
