import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Chat } from '../chat/chat';
import { shownThread } from '../chat/chat-state';
import { placedElsewhere } from '../chat/placement';
import { conversationOf, titleOf } from '../chat/threads';
import { loadMarkdown } from '../markdown/markdown-view';
import { Announcer } from './announcer';
import { CatchUpBar } from './catch-up-bar';
import { CaughtUp } from './caught-up';
import { Composer } from './composer';
import { ConversationView } from './conversation-view';
import { Drawer } from './drawer';
import { Header } from './header';
import { NoticeList } from './notice-list';
import { SkipLink } from './skip-link';
import { isUnread, ThreadNav } from './thread-nav';
import { draftKey } from './use-draft';
import { useMedia } from './use-media';
import { useOpenThread } from './use-open-thread';
import { useSeen } from './use-seen';
import { useStore } from './use-store';

interface Props {
  readonly chat: Chat;
  /** Who is chatting, for the header. */
  readonly account: ComponentChildren;
  /** Where the dashboards are, for somebody who may see them. */
  readonly dashboards: string | undefined;
  /** Shown when somebody has to sign in again. */
  readonly signIn?: ComponentChildren;
}

export function ChatPage({ chat, account, dashboards, signIn }: Props) {
  const state = useStore(chat.store);
  useOpenThread(chat, state);
  useSeen(chat, state);
  useEffect(() => void loadMarkdown(), []);
  const wide = useMedia('(width >= 56rem)');
  const drawer = useRef<HTMLDialogElement>(null);

  const { connection, threads, notices, catchUp, caughtUp } = state;
  const threadId = shownThread(state);
  const thread = threads.get(threadId);
  const conversation = conversationOf(threads, threadId);
  const active = [...conversation.runs.values()].findLast((run) => run.status === 'running');
  const unread = [...threads.values()].filter((each) => isUnread(state, each)).length;
  const closeDrawer = (): void => drawer.current?.close();

  return (
    <div class="page">
      <SkipLink />
      <Header
        chat={chat}
        connection={connection}
        title={thread === undefined ? undefined : titleOf(thread)}
        unread={unread}
        account={account}
        {...(!wide && { onMenu: () => drawer.current?.showModal() })}
      />
      <div class="workspace">
        {wide ? (
          <aside class="sidebar"><ThreadNav chat={chat} state={state} dashboards={dashboards} /></aside>
        ) : (
          <Drawer dialog={drawer} label="Conversations" onClose={closeDrawer}>
            <ThreadNav chat={chat} state={state} dashboards={dashboards} onChosen={closeDrawer} />
          </Drawer>
        )}
        <div class="thread-view">
          {signIn && <div class="sign-in-again">{signIn}</div>}
          {catchUp !== undefined && <CatchUpBar range={catchUp} lastSeq={state.lastSeq} />}
          <CaughtUp state={caughtUp} />
          <NoticeList
            notices={placedElsewhere(notices.list, threads)}
            omitted={notices.omitted}
            onDismiss={(id) => chat.dismiss(id)}
          />
          <Announcer key={`announcer-${threadId}`} runs={conversation.runs} live={catchUp === undefined} />
          <ConversationView key={threadId} chat={chat} state={state} threadId={threadId} />
          <Composer
            key={`composer-${threadId}`}
            draftKey={draftKey(chat.userId, threadId)}
            onType={() => chat.stay()}
            onSend={(content) => chat.ask(content)}
            {...(active !== undefined && { onCancel: () => chat.cancel(active) })}
            cancel={active === undefined ? undefined : state.commands.cancels.get(active.key)}
          />
        </div>
      </div>
    </div>
  );
}
