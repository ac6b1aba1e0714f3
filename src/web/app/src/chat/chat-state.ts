import type { CatchUp } from '../connection/handler';
import type { ConnectionState } from '../connection/state';
import { emptyConversation, type Conversation } from '../run/exchanges';
import { noNotices, type Notices } from '../run/notices';
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
  connection: { name: 'connecting' },
  catchUp: undefined,
  lastSeq: 0,
  beginningExpired: false,
  conversation: emptyConversation,
  notices: noNotices,
  commands: noCommands,
};
