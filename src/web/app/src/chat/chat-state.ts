import type { CatchUp, ConnectionState } from 'netra-pipeline-client';
import { type Conversation, emptyConversation, noNotices, type Notices } from 'netra-pipeline-client/runs';
import { noCommands, type Commands } from './commands';

/** Everything the page shows. */
export interface ChatState {
  readonly connection: ConnectionState;
  readonly catchUp: CatchUp | undefined;
  /** The number of the last event shown, which is how far catching up has come. */
  readonly lastSeq: number;
  /** What came before has been removed by the server's retention. */
  readonly beginningExpired: boolean;
  readonly conversation: Conversation;
  readonly notices: Notices;
  readonly commands: Commands;
}

export const initialChatState: ChatState = {
  connection: { name: 'disconnected', reason: 'not connected yet' },
  catchUp: undefined,
  lastSeq: 0,
  beginningExpired: false,
  conversation: emptyConversation,
  notices: noNotices,
  commands: noCommands,
};
