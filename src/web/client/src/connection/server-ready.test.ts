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

    expect(await isServerReady(new URL('http://127.0.0.1:5080/readyz'))).toBe(ready);
  });

  it('takes no answer for no', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));

    expect(await isServerReady(new URL('http://127.0.0.1:5080/readyz'))).toBe(false);
  });
});
