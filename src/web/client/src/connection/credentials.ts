/** What a credential is asked for. */
export interface TokenRequest {
  /** Whether a connection is there that would go on under it; else it is for the next handshake. */
  readonly renewing: boolean;
  /** Aborted when nobody wants it any more. */
  readonly signal: AbortSignal;
}

/**
 * Says who connects: a JSON Web Token, or a ticket (`nt_…`, protocol 12.2), which a page with a session takes for each handshake. Asked for
 * every handshake, and when the server says that the credential is about to end. Throws `UnauthorizedError` where nobody gets one until
 * somebody has signed in; any other error is tried again, with back-off.
 */
export type GetToken = (request: TokenRequest) => string | Promise<string>;

/** There will be no credential: the client stops, in the state `failed`. */
export class UnauthorizedError extends Error {
  /** How the connection ends that wanted it. */
  readonly code: number;

  /** `code` is one of `CloseCode`: `signedOut` by default, or `identityChanged` where it is another user who is signed in. */
  constructor(message = '', code = 3007) {
    super(message);
    this.name = 'UnauthorizedError';
    this.code = code;
  }
}

export function isTicket(credential: string): boolean {
  return credential.startsWith('nt_');
}
