import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ConnectionState } from 'netra-pipeline-client';
import type { Chat } from '../chat/chat';
import { Brand } from './brand';
import { ConnectionStatus } from './connection-status';
import { MenuIcon } from './icons';
import { ThemeButton } from './theme-button';

interface Props {
  readonly chat: Chat;
  readonly connection: ConnectionState;
  /** What the thread is called. */
  readonly title: string | undefined;
  /** How many threads have something new. */
  readonly unread: number;
  /** Shows the threads, where they do not stand beside the page. */
  readonly onMenu?: () => void;
  /** Who is chatting. */
  readonly account: ComponentChildren;
}

export function Header({ chat, connection, title, unread, onMenu, account }: Props) {
  useEffect(() => {
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${title === undefined ? 'Netra' : `${title} – Netra`}`;
  }, [title, unread]);
  return (
    <header class="header">
      {onMenu !== undefined && (
        <button type="button" class="icon-button menu-button" data-testid="menu" onClick={onMenu}>
          <MenuIcon />
          <span class="visually-hidden">Conversations{unread > 0 && `, ${unread} unread`}</span>
          {unread > 0 && <span class="menu-mark" aria-hidden="true">{unread}</span>}
        </button>
      )}
      <Brand />
      {title !== undefined && <p class="thread-title" data-testid="thread-title">{title}</p>}
      <ConnectionStatus state={connection} onRetry={() => chat.reconnect()} />
      {account}
      <ThemeButton />
    </header>
  );
}
