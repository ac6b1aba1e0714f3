import { describe, expect, it } from 'vitest';
import { isImage, readResultRef } from './result-ref.js';

const base = 'https://chat.example/page?user_id=ada';

describe('readResultRef', () => {
  it.each([
    ['/files/1?a=b', 'https://chat.example/files/1?a=b'],
    ['http://store.example/1', 'http://store.example/1'],
    ['HTTPS://store.example/1', 'https://store.example/1'],
  ])('follows %s', (url, href) => {
    expect(readResultRef({ url }, base)?.url).toBe(href);
  });

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    '//evil.example/1',
    '/\\evil.example/1',
    '/\t/evil.example/1',
    'files/1',
    'https:files/1',
    'https://',
    '',
    `/${'x'.repeat(2048)}`,
  ])('does not follow %j', (url) => {
    expect(readResultRef({ url }, base)).toBeUndefined();
  });

  it('says what is there, as far as that makes sense', () => {
    const image = readResultRef({ url: '/1', bytes: 2048, media_type: 'image/PNG' }, base)!;
    expect(image).toMatchObject({ bytes: 2048, mediaType: 'image/PNG' });
    expect(isImage(image)).toBe(true);

    const nonsense = readResultRef({ url: '/1', bytes: -1, media_type: 7 }, base)!;
    expect(nonsense).toEqual({ url: 'https://chat.example/1' });
    expect(isImage(nonsense)).toBe(false);
    expect(readResultRef({ bytes: 1 }, base)).toBeUndefined();
  });
});
