import { useEffect } from 'preact/hooks';
import type { Chat } from '../chat/chat';
import type { ChatState } from '../chat/chat-state';
import { writeThread } from '../chat/identity';
import { readRoute } from '../chat/route';

/** Lets the address say which thread is open, and the person say it with the address. */
export function useOpenThread(chat: Chat, { open }: ChatState): void {
  useEffect(() => {
    const follow = (): void => {
      const named = readRoute(location.hash);
      if (named !== undefined) {
        chat.open(named);
      }
    };
    window.addEventListener('popstate', follow);
    window.addEventListener('hashchange', follow);
    return () => {
      window.removeEventListener('popstate', follow);
      window.removeEventListener('hashchange', follow);
    };
  }, [chat]);
  useEffect(() => {
    if (open !== undefined) {
      writeThread(chat.userId, open);
    }
  }, [chat, open]);
}
