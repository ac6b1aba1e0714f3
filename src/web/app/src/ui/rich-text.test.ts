import { describe, expect, it } from 'vitest';
import { parseRichText } from './rich-text';

describe('parseRichText', () => {
  it('leaves text as it is, markup of a page included', () => {
    expect(parseRichText('<b>a</b>\n\nb * c')).toEqual([
      { kind: 'text', spans: [{ kind: 'plain', text: '<b>a</b>\n\nb * c' }] },
    ]);
  });

  it('finds fenced code', () => {
    expect(parseRichText('Look:\n```ts\nlet a = 1;\n```\nDone')).toEqual([
      { kind: 'text', spans: [{ kind: 'plain', text: 'Look:' }] },
      { kind: 'code', language: 'ts', text: 'let a = 1;' },
      { kind: 'text', spans: [{ kind: 'plain', text: 'Done' }] },
    ]);
  });

  it('shows code whose fence is still to come', () => {
    expect(parseRichText('```\nlet a')).toEqual([{ kind: 'code', language: '', text: 'let a' }]);
  });

  it('finds code and emphasis within a line', () => {
    expect(parseRichText('Use `x*y` or **not**')).toEqual([
      {
        kind: 'text',
        spans: [
          { kind: 'plain', text: 'Use ' },
          { kind: 'code', text: 'x*y' },
          { kind: 'plain', text: ' or ' },
          { kind: 'strong', text: 'not' },
        ],
      },
    ]);
  });

  it('finds headings, but not in code, and keeps paragraphs one line apart', () => {
    expect(parseRichText('## Limits\na\n\n\n\nb\n```\n# no\n```')).toEqual([
      { kind: 'heading', spans: [{ kind: 'plain', text: 'Limits' }] },
      { kind: 'text', spans: [{ kind: 'plain', text: 'a\n\nb' }] },
      { kind: 'code', language: '', text: '# no' },
    ]);
  });

  it('has nothing to show for nothing', () => {
    expect(parseRichText('\n\n')).toEqual([]);
  });
});
