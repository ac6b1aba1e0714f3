/**
 * Takes a ticket, for one handshake or one `authenticate` (protocol 12.2). Rejects with `TicketRefused` where nobody gets one until
 * somebody has signed in, and with another error where the next try may succeed.
 */
export type TakeTicket = () => Promise<string>;

/** There will be no ticket. */
export class TicketRefused extends Error {
  /** How the connection ends that wanted it. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'TicketRefused';
    this.code = code;
  }
}
