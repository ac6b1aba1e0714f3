const maxBytes = 256;

/** Why the server would refuse this user name (protocol 2.1), or `undefined` when it would not. */
export function userIdProblem(userId: string): string | undefined {
  if (userId.length === 0) {
    return 'A name is needed.';
  }
  if (new TextEncoder().encode(userId).length > maxBytes) {
    return `A name may have at most ${maxBytes} bytes.`;
  }
  if (userId.startsWith('$')) {
    return 'Names that begin with $ are reserved.';
  }
  return /[\u0000-\u001f\u007f-\u009f]/.test(userId) ? 'A name may not have control characters.' : undefined;
}

const separator = '\u001f';

/** One name for user and tenant (protocol 12.5): neither of them may have the character between the two. */
export function userKey(userId: string, tenantId?: string | null): string {
  return tenantId ? `${tenantId}${separator}${userId}` : userId;
}

/** The user of such a name. */
export function userOf(key: string): string {
  return key.slice(key.indexOf(separator) + 1);
}

/** Such a name, for people. */
export function shownUser(key: string): string {
  return key.includes(separator) ? `${userOf(key)} (${key.slice(0, key.indexOf(separator))})` : key;
}
