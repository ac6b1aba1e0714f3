import { afterEach, describe, expect, it, vi } from 'vitest';
import { isServerReady } from './server-ready.js';

describe('isServerReady', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each([
    [200, true],
    [503, false],
  ])('takes %i for %s', async (status, ready) => {
    const fetch = vi.fn((_: URL) => Promise.resolve(new Response(null, { status })));
    vi.stubGlobal('fetch', fetch);

    expect(await isServerReady('http://127.0.0.1:5080/v1/stream')).toBe(ready);
    expect(fetch.mock.calls[0]?.[0].href).toBe('http://127.0.0.1:5080/readyz');
  });

  it('asks under the prefix that the streams have', async () => {
    const fetch = vi.fn((_: URL) => Promise.resolve(new Response(null)));
    vi.stubGlobal('fetch', fetch);

    await isServerReady('https://example.com/netra/v1/stream');
    expect(fetch.mock.calls[0]?.[0].href).toBe('https://example.com/netra/readyz');
  });

  it('takes no answer for no', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));

    expect(await isServerReady('http://127.0.0.1:5080/v1/stream')).toBe(false);
  });
});
