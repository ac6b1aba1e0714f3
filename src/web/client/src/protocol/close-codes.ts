/**
 * How connections end (protocol 7). The codes below 4000 and from 4400 are the server's; 3000 to 3999 are this client's own,
 * and travel to the server as the reason why the client said goodbye.
 */
export const closeNormal = 1000;
/** The browser's word for an ending without a close frame, a refused handshake among them. */
export const closeLost = 1006;
/** A message of this client is longer than the server takes. */
export const closeMessageTooBig = 1009;
/** Nothing at all arrived for the ping interval plus the ping timeout. */
export const closeSilence = 3001;
/** The handshake or the welcome did not come in time. */
export const closeConnectTimeout = 3002;
/** The browser said that it went offline. */
export const closeOffline = 3003;
/** Missing numbers were asked for and did not come: resuming brings them. */
export const closeUnrepaired = 3004;
/** The server asked for a new connection. */
export const closeAsked = 3005;
/** The server said something before its welcome, or welcomed twice. */
export const closeOutOfTurn = 3006;
/** The credential to connect with could not be had now. */
export const closeNoCredential = 3008;
/** The application is slower than its events: too many wait for it. */
export const closeBehind = 3009;
/** There is no connecting to that address. */
export const closeNotOpened = 3010;
/** The server did not understand a message of this client. */
export const closeInvalidMessage = 4400;

/** Endings after which somebody has to sign in. */
export const CloseCode = {
  /** Nobody gets a credential until somebody signs in. */
  signedOut: 3007,
  /** The credential, or all of the user's, was revoked. */
  revoked: 4403,
  /** Another user is signed in now. */
  identityChanged: 4409,
} as const;

const signInNeeded: ReadonlySet<number> = new Set(Object.values(CloseCode));

/** Endings after which connecting again would only repeat them: a fault of this client, or of the server, or nobody is signed in. */
const final: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 4400, 4404, ...signInNeeded]);

/** Endings before the welcome that say nothing about what was to carry the connection. */
const blameless: ReadonlySet<number> = new Set([closeNormal, closeOffline, closeNoCredential, ...signInNeeded]);

const away = 'this client was suspended or too slow';

/** Of the others the code says enough, with the reason that the server sends beside it. */
const meanings: Readonly<Record<number, string>> = {
  1000: 'the connection was closed',
  1001: 'the server went away',
  1006: 'the connection was lost',
  1009: 'a message was too big',
  1012: 'the server is restarting',
  3001: 'the server went silent',
  3002: 'the server did not answer',
  3003: 'this device is offline',
  3004: 'missing events did not arrive',
  3005: 'the server asked for a new connection',
  3006: 'the server broke the protocol',
  3007: 'the session is over',
  3008: 'there is no credential',
  3009: 'the application is too slow',
  3010: 'this address cannot be connected to',
  4401: 'the credential has ended',
  4403: 'the access was revoked',
  4404: 'this user was erased',
  4408: away,
  4409: 'another user is signed in',
  4410: away,
  4411: away,
  4412: away,
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
  if (code === closeLost && !wasConnected) {
    return 'the server cannot be reached, or refused the connection';
  }
  return meanings[code] ?? `the connection ended with code ${code}`;
}
