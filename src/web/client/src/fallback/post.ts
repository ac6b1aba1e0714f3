import { explain } from './explain.js';

const timeoutMs = 10_000;

/** The server has answered a message, and not with success. */
export class PostRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'PostRefused';
    this.status = status;
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
    throw new PostRefused(response.status, await explain(response, `the server answered a message with ${response.status}`));
  }
};
