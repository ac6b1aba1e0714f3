import { useEffect } from 'preact/hooks';
import type { Chat } from '../chat/chat';
import type { ChatState } from '../chat/chat-state';
import { EmptyState } from './empty-state';
import { ExchangeView } from './exchange-view';
import { DownIcon } from './icons';
import { useFollow } from './use-follow';

interface Props {
  readonly chat: Chat;
  readonly state: ChatState;
}

export function ConversationView({ chat, state }: Props) {
  const { conversation, notices, commands, beginningExpired } = state;
  const { exchanges, runs, omittedExchanges } = conversation;
  const follow = useFollow(state);
  const asked = exchanges.findLast(({ question }) => question?.state === 'sending')?.id;
  useEffect(() => {
    // Whoever asks wants to see what becomes of it, wherever they were reading.
    if (asked !== undefined) {
      follow.toEnd();
    }
  }, [asked]);

  return (
    <div class="conversation-frame">
      <main ref={follow.ref} class="conversation" aria-label="Conversation" tabIndex={0} onScroll={follow.onScroll}>
        <div class="column">
          {beginningExpired && <p class="quiet-note">Earlier runs are no longer kept by the server.</p>}
          {omittedExchanges > 0 && <p class="quiet-note">{omittedExchanges} earlier runs are not shown.</p>}
          {exchanges.length === 0 && <EmptyState onAsk={(question) => chat.ask(question)} />}
          {exchanges.map((exchange) => (
            <ExchangeView
              key={exchange.id}
              chat={chat}
              exchange={exchange}
              run={runs.get(exchange.runKey ?? '')}
              runs={runs}
              notices={notices.list}
              commands={commands}
            />
          ))}
        </div>
      </main>
      {!follow.following && (
        <button type="button" class="to-end" onClick={follow.toEnd}>
          <DownIcon /> Latest
        </button>
      )}
    </div>
  );
}
