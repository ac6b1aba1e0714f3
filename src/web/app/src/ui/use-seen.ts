import { useEffect, useState } from 'preact/hooks';
import type { Chat } from '../chat/chat';
import { shownThread, type ChatState } from '../chat/chat-state';
import { isSeen } from '../chat/seen';

/** What is on the screen of a page that somebody can see is read. */
export function useSeen(chat: Chat, state: ChatState): void {
  const [visible, setVisible] = useState(document.visibilityState === 'visible');
  useEffect(() => {
    const look = (): void => setVisible(document.visibilityState === 'visible');
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  const id = shownThread(state);
  const news = state.threads.get(id)?.newsSeq ?? 0;
  const unread = visible && state.catchUp === undefined && !isSeen(state.seen, id, news);
  useEffect(() => {
    if (unread) {
      chat.markSeen(id);
    }
  }, [chat, id, news, unread]);
}
