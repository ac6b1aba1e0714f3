import { addExchange, type Conversation } from './exchanges.js';

/**
 * Marks that the server's process ended without saying goodbye, and what was said just before may be missing. Several such
 * endings with nothing in between are one for whoever reads the conversation.
 */
export function interrupt(conversation: Conversation, afterSeq: number): Conversation {
  return conversation.exchanges.at(-1)?.interrupted === true
    ? conversation
    : addExchange(conversation, { id: `interruption-${afterSeq}`, interrupted: true });
}
