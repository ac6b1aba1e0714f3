import { explain } from './explain.js';

const timeoutMs = 10_000;

/** The server has answered a message, and not with success. */
export class PostRefused extends Error {
  readonly status: number;
  /** How long it wants not to be asked, in milliseconds, where it has said so. */
  readonly afterMs: number | undefined;

  constructor(status: number, message: string, afterMs?: number) {
    super(message);
    this.name = 'PostRefused';
    this.status = status;
    this.afterMs = afterMs;
  }
}

/** Posts a JSON body; rejects when there is no answer, and with `PostRefused` when it is not a success. */
export type Post = (url: string, body: object) => Promise<void>;

export const postJson: Post = async (url, body) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) {
    const seconds = /^\d+$/.exec(response.headers.get('Retry-After') ?? '')?.[0];
    const reason = await explain(response, `the server answered a message with ${response.status}`);
    throw new PostRefused(response.status, reason, seconds === undefined ? undefined : Number(seconds) * 1000);
  }
};
