import type { Chat } from '../chat/chat';
import { shownThread, type ChatState } from '../chat/chat-state';
import { routeOf } from '../chat/route';
import { isSeen } from '../chat/seen';
import { inOrder, summaryOf, type Activity, type Thread } from '../chat/threads';
import { DashboardsLink } from './dashboards-link';
import { formatAgo } from './format';
import { CrossIcon, PauseIcon, PlusIcon, Spinner } from './icons';
import { memo } from './memo';
import { useNow } from './use-now';

interface Props {
  readonly chat: Chat;
  readonly state: ChatState;
  readonly dashboards: string | undefined;
  /** Somebody has chosen one. */
  readonly onChosen?: () => void;
}

/** The user's conversations, the one with the latest event first, and how to begin another. */
export function ThreadNav({ chat, state, dashboards, onChosen }: Props) {
  const shown = shownThread(state);
  const now = useNow(true, 30_000);
  const threads = inOrder(state.threads);
  const choose = (event: MouseEvent, threadId: string): void => {
    if (event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      chat.open(threadId);
      onChosen?.();
    }
  };
  return (
    <nav class="threads" aria-label="Conversations">
      <button
        type="button"
        class="thread-new"
        data-testid="thread-new"
        onClick={() => {
          chat.openFresh();
          onChosen?.();
        }}
      >
        <PlusIcon /> New conversation
      </button>
      {threads.length > 0 && (
        <ul class="thread-list" data-testid="threads">
          {threads.map((thread) => (
            <ThreadEntry
              key={thread.id}
              id={thread.id}
              {...summaryOf(thread)}
              unread={isUnread(state, thread)}
              current={thread.id === shown}
              ago={thread.lastAt > 0 ? formatAgo(thread.lastAt, now) : ''}
              onChoose={choose}
            />
          ))}
        </ul>
      )}
      <OlderThreads chat={chat} state={state} />
      <DashboardsLink address={dashboards} />
    </nav>
  );
}

export function isUnread({ seen }: ChatState, thread: Thread): boolean {
  return !isSeen(seen, thread.id, thread.newsSeq);
}

interface EntryProps {
  readonly id: string;
  readonly title: string;
  readonly activity: Activity;
  readonly unread: boolean;
  readonly current: boolean;
  readonly ago: string;
  readonly onChoose: (event: MouseEvent, threadId: string) => void;
}

const ThreadEntry = memo(
  ({ id, title, activity, unread, current, ago, onChoose }: EntryProps) => (
    <li>
      <a
        class={unread ? 'thread-entry thread-unread' : 'thread-entry'}
        href={routeOf(id)}
        aria-current={current ? 'page' : undefined}
        data-testid="thread"
        data-thread-id={id}
        data-activity={activity}
        data-unread={unread}
        onClick={(event) => onChoose(event, id)}
      >
        <span class="thread-name">{title}</span>
        <span class="thread-facts">
          <ActivityMark activity={activity} />
          {ago !== '' && activity === 'idle' && <span class="thread-ago">{ago}</span>}
        </span>
        {unread && <span class="thread-mark"><span class="visually-hidden">unread</span></span>}
      </a>
    </li>
  ),
);

function ActivityMark({ activity }: { readonly activity: Activity }) {
  switch (activity) {
    case 'waiting':
      return <span class="thread-activity thread-waiting"><PauseIcon /> asks</span>;
    case 'running':
      return <span class="thread-activity thread-running"><Spinner /> runs</span>;
    case 'failed':
      return <span class="thread-activity thread-failed"><CrossIcon /> failed</span>;
    case 'idle':
      return null;
  }
}

function OlderThreads({ chat, state: { olderThreads: older } }: Pick<Props, 'chat' | 'state'>) {
  switch (older.name) {
    case 'none':
    case 'loading':
      return null;
    case 'more':
      return <button type="button" class="link thread-more" onClick={() => void chat.listOlder()}>Show older ones</button>;
    case 'failed':
      return (
        <p class="thread-problem" role="status">
          The list may lack older conversations. {older.problem}{' '}
          <button type="button" class="link" onClick={() => void chat.listOlder()}>Try again</button>
        </p>
      );
  }
}
