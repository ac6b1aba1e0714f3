import type { ComponentChildren } from 'preact';
import { noticesOfPage } from 'netra-pipeline-client/runs';
import type { Chat } from '../chat/chat';
import { CatchUpBar } from './catch-up-bar';
import { Composer } from './composer';
import { ConversationView } from './conversation-view';
import { Header } from './header';
import { NoticeList } from './notice-list';
import { useStore } from './use-store';

interface Props {
  readonly chat: Chat;
  /** Who is chatting, for the header. */
  readonly account: ComponentChildren;
  /** Where what is being typed is kept while the page is left. */
  readonly draft?: string;
  /** Shown when somebody has to sign in again. */
  readonly signIn?: ComponentChildren;
}

export function ChatPage({ chat, account, draft, signIn }: Props) {
  const state = useStore(chat.store);
  const { connection, conversation, notices, catchUp } = state;
  const active = [...conversation.runs.values()].findLast((run) => run.status === 'running');

  return (
    <div class="page">
      <Header chat={chat} connection={connection} title={conversation.title} account={account} />
      {signIn && <div class="sign-in-again">{signIn}</div>}
      {catchUp !== undefined && <CatchUpBar range={catchUp} lastSeq={state.lastSeq} />}
      <NoticeList
        notices={noticesOfPage(notices.list, conversation.runs)}
        omitted={notices.omitted}
        onDismiss={(id) => chat.dismiss(id)}
      />
      <ConversationView chat={chat} state={state} />
      <Composer
        draftKey={draft}
        onSend={(content) => chat.ask(content)}
        {...(active !== undefined && { onCancel: () => chat.cancel(active) })}
        cancel={active === undefined ? undefined : state.commands.cancels.get(active.key)}
      />
    </div>
  );
}
