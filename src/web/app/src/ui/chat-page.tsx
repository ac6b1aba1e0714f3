import type { Chat } from '../chat/chat';
import { noticesOfPage } from '../run/placement';
import { CatchUpBar } from './catch-up-bar';
import { Composer } from './composer';
import { ConversationView } from './conversation-view';
import { Header } from './header';
import { NoticeList } from './notice-list';
import { useStore } from './use-store';

interface Props {
  readonly chat: Chat;
  readonly onUserChange: (userId: string) => void;
}

export function ChatPage({ chat, onUserChange }: Props) {
  const state = useStore(chat.store);
  const { connection, conversation, notices, catchUp } = state;
  const active = [...conversation.runs.values()].findLast((run) => run.status === 'running');

  return (
    <div class="page">
      <Header chat={chat} connection={connection} title={conversation.title} onUserChange={onUserChange} />
      {catchUp !== undefined && <CatchUpBar range={catchUp} lastSeq={state.lastSeq} />}
      <NoticeList
        notices={noticesOfPage(notices.list, conversation.runs)}
        omitted={notices.omitted}
        onDismiss={(id) => chat.dismiss(id)}
      />
      <ConversationView chat={chat} state={state} />
      <Composer
        onSend={(content) => chat.ask(content)}
        {...(active !== undefined && { onCancel: () => chat.cancel(active) })}
        cancel={active === undefined ? undefined : state.commands.cancels.get(active.key)}
      />
    </div>
  );
}
