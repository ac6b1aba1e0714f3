import { useEffect } from 'preact/hooks';
import type { Chat } from '../chat/chat';
import type { ChatState } from '../chat/chat-state';
import { conversationOf } from '../chat/threads';
import { EmptyState } from './empty-state';
import { ExchangeView } from './exchange-view';
import { DownIcon, Spinner } from './icons';
import { useFollow } from './use-follow';

interface Props {
  readonly chat: Chat;
  readonly state: ChatState;
  readonly threadId: string;
}

export function ConversationView({ chat, state, threadId }: Props) {
  const { threads, notices, commands, beginningExpired, loading } = state;
  const { exchanges, runs, omittedExchanges } = conversationOf(threads, threadId);
  const follow = useFollow(state);
  // Nothing is empty before the server has said so.
  const empty = exchanges.length === 0 && state.seen !== undefined && state.catchUp === undefined;
  const unloaded = threads.get(threadId)?.unloaded === true;
  useEffect(() => {
    if (unloaded) {
      chat.open(threadId);
    }
  }, [unloaded]);
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
          {beginningExpired && !unloaded && <p class="quiet-note">Earlier runs are no longer kept by the server.</p>}
          {omittedExchanges > 0 && <p class="quiet-note">{omittedExchanges} earlier runs are not shown.</p>}
          {unloaded ? (
            <Loading problem={loading?.problem} onRetry={() => chat.open(threadId)} />
          ) : (
            empty && <EmptyState onAsk={(question) => chat.ask(question)} />
          )}
          {exchanges.map((exchange) => (
            <ExchangeView
              key={exchange.id}
              chat={chat}
              threadId={threadId}
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

function Loading({ problem, onRetry }: { readonly problem: string | undefined; readonly onRetry: () => void }) {
  return problem === undefined ? (
    <p class="quiet-note" role="status"><Spinner /> Loading the conversation</p>
  ) : (
    <p class="quiet-note" role="alert">
      The conversation could not be loaded. {problem} <button type="button" class="link" onClick={onRetry}>Try again</button>
    </p>
  );
}
