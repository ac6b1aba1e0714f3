import { afterEach, describe, expect, it, vi } from 'vitest';
import { postJson } from './post.js';

describe('postJson', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const answer = (status: number, body: string | null = null, type = 'application/problem+json') => {
    const fetch = vi.fn(() => Promise.resolve(new Response(body, { status, headers: { 'Content-Type': type } })));
    vi.stubGlobal('fetch', fetch);
    return fetch;
  };

  it('posts JSON, and is content with a success', async () => {
    const fetch = answer(204);
    await postJson('http://127.0.0.1/x', { seq: 58 });

    expect(fetch).toHaveBeenCalledWith('http://127.0.0.1/x', expect.objectContaining({ method: 'POST', body: '{"seq":58}' }));
  });

  it('says what the problem document says', async () => {
    answer(400, '{"code":"invalid_message","detail":"seq 99 was never sent"}');

    await expect(postJson('http://127.0.0.1/x', {})).rejects.toMatchObject({ status: 400, message: 'seq 99 was never sent' });
  });

  it('says when to post again, where the server does', async () => {
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '2' };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"detail":"too fast"}', { status: 429, headers })));

    await expect(postJson('http://127.0.0.1/x', {})).rejects.toMatchObject({ status: 429, message: 'too fast', afterMs: 2000 });
  });

  it.each([
    ['text', 'text/html'],
    ['{}', 'application/problem+json'],
    ['{', 'application/problem+json'],
  ])('says the status where there is no more to say: %s', async (body, type) => {
    answer(502, body, type);

    const refused = { status: 502, message: 'the server answered a message with 502' };
    await expect(postJson('http://127.0.0.1/x', {})).rejects.toMatchObject(refused);
  });
});
