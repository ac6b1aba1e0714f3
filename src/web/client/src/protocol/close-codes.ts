/**
 * How connections end (protocol 7). The codes below 4000 and from 4400 are the server's; 3000 to 3999 are this client's own,
 * and travel to the server as the reason why the client said goodbye.
 */
export const CloseCode = {
  normal: 1000,
  /** The browser's word for an ending without a close frame, a refused handshake among them. */
  lost: 1006,
  /** Nothing at all arrived for the ping interval plus the ping timeout. */
  silence: 3001,
  /** The handshake or the welcome did not come in time. */
  connectTimeout: 3002,
  /** The browser said that it went offline. */
  offline: 3003,
  /** Missing numbers were asked for and did not come: resuming brings them. */
  unrepaired: 3004,
  /** The server asked for a new connection. */
  asked: 3005,
  /** The server said something before its welcome, or welcomed twice. */
  outOfTurn: 3006,
  /** The session is over: nobody gets a ticket until somebody signs in. */
  signedOut: 3007,
  /** The ticket to connect with could not be had now. */
  noTicket: 3008,
  /** A message of this client is longer than the server takes. */
  messageTooBig: 1009,
  /** The server did not understand a message of this client. */
  invalidMessage: 4400,
  /** The credential, or all of the user's, was revoked. */
  revoked: 4403,
  /** Another user is signed in now. */
  identityChanged: 4409,
} as const;

/** Endings after which somebody has to sign in. */
const signInNeeded: ReadonlySet<number> = new Set([CloseCode.signedOut, CloseCode.revoked, CloseCode.identityChanged]);

/** Endings after which connecting again would only repeat them: a fault of this client, or of the server, or nobody is signed in. */
const final: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 4400, 4404, ...signInNeeded]);

/** Endings before the welcome that say nothing about what was to carry the connection. */
const blameless: ReadonlySet<number> = new Set([CloseCode.normal, CloseCode.offline, CloseCode.noTicket, ...signInNeeded]);

const meanings: Readonly<Record<number, string>> = {
  1000: 'the connection was closed',
  1001: 'the server went away',
  1002: 'the server refused a WebSocket frame',
  1003: 'the server refused a binary frame',
  1006: 'the connection was lost',
  1007: 'the server refused text that is not UTF-8',
  1008: 'the server refused too many pings',
  1009: 'the server refused a message that is too big',
  1011: 'the server met an internal error',
  1012: 'the server is restarting',
  1013: 'the server was too busy for this connection',
  3001: 'the server went silent',
  3002: 'the server did not answer',
  3003: 'this device is offline',
  3004: 'missing events did not arrive',
  3005: 'the server asked for a new connection',
  3006: 'the server broke the protocol',
  3007: 'the session is over',
  3008: 'the server cannot be asked for a ticket',
  4400: 'the server did not understand this page',
  4401: 'the credential has ended',
  4403: 'the access was revoked',
  4404: 'this user was erased',
  4408: 'this page was silent for too long',
  4409: 'another user is signed in',
  4410: 'this page was suspended for too long',
  4411: 'this page did not take what was sent',
  4412: 'this page did not confirm what was sent',
};

export function needsSignIn(code: number): boolean {
  return signInNeeded.has(code);
}

export function blamesTransport(code: number): boolean {
  return !blameless.has(code);
}

export function endsForGood(code: number): boolean {
  return final.has(code);
}

/** What an ending means, in words for the person in front of the page. */
export function describeClose(code: number, wasConnected: boolean): string {
  if (code === CloseCode.lost && !wasConnected) {
    return 'the server cannot be reached, or refused the connection';
  }
  return meanings[code] ?? `the connection ended with code ${code}`;
}
