import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ConnectionState } from 'netra-pipeline-client';
import type { Chat } from '../chat/chat';
import { Brand } from './brand';
import { ConnectionStatus } from './connection-status';
import { ThemeButton } from './theme-button';

interface Props {
  readonly chat: Chat;
  readonly connection: ConnectionState;
  /** What the thread is called. */
  readonly title: string | undefined;
  /** Who is chatting. */
  readonly account: ComponentChildren;
}

export function Header({ chat, connection, title, account }: Props) {
  useEffect(() => {
    document.title = title === undefined ? 'Netra' : `${title} – Netra`;
  }, [title]);
  return (
    <header class="header">
      <Brand />
      {title !== undefined && <p class="thread-title" data-testid="thread-title">{title}</p>}
      <ConnectionStatus state={connection} onRetry={() => chat.reconnect()} />
      {account}
      <ThemeButton />
    </header>
  );
}
