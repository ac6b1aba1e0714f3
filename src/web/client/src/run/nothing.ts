import type { Conversation } from './exchanges.js';
import type { Notices } from './notices.js';
import type { RunsState } from './run-store.js';

// Apart from what makes more of it: the hooks need nothing else.
export const emptyConversation: Conversation = { exchanges: [], runs: new Map(), omittedExchanges: 0 };

export const noNotices: Notices = { list: [], nextId: 1, omitted: 0 };

/** What is to be shown before the first event. */
export const nothing: RunsState = { conversation: emptyConversation, notices: noNotices, catchUp: undefined };
