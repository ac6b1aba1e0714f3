import { describe, expect, it } from 'vitest';
import { safeAddress } from './addresses';
import { decodeEntities } from './entities';
import { lex } from './lexer';

describe('safeAddress', () => {
  it.each(['https://example.org/a?b#c', 'http://example.org/', 'mailto:ada@example.org'])('follows %s', (href) => {
    expect(safeAddress(href)).toBe(href);
  });

  it.each([
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    '/v1/session',
    '//example.org',
    '#x',
    '',
  ])('does not follow %j', (href) => {
    expect(safeAddress(href)).toBeUndefined();
  });
});

describe('decodeEntities', () => {
  it.each([
    ['a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#39; &#x1F600;', 'a & b <c> "d" \'e\' 😀'],
    ['&unknown; &constructor; &amp', '&unknown; &constructor; &amp'],
    ['&#0;&#xD800;&#9999999;', '\ufffd\ufffd\ufffd'],
    ['&amp;lt;', '&lt;'],
  ])('%j is %j', (text, decoded) => {
    expect(decodeEntities(text)).toBe(decoded);
  });
});

describe('lex', () => {
  it('takes what it cannot read as text', () => {
    const deep = '>'.repeat(8000);

    expect(lex(deep)).toMatchObject([{ type: 'paragraph', tokens: [{ type: 'escape', text: deep }] }]);
  });
});
