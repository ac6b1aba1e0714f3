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
