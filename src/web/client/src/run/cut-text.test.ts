import { describe, expect, it } from 'vitest';
import { appendBounded } from './cut-text.js';

const append = (text: string, limit: number) => appendBounded({ text: '', omittedCharacters: 0 }, text, limit);

describe('appendBounded', () => {
  it('leaves alone what fits', () => {
    expect(appendBounded({ text: 'a', omittedCharacters: 3 }, 'b', 2)).toEqual({ text: 'ab', omittedCharacters: 3 });
  });

  it('cuts between two blocks where it can', () => {
    const paragraph = `${'x'.repeat(8)}\n`;
    const { text, omittedCharacters } = append(`${paragraph.repeat(6)}\n${paragraph.repeat(8)}`, 100);

    expect(text).toBe(`\n${paragraph.repeat(8)}`);
    expect(omittedCharacters).toBe(54);
  });

  it('takes a piece of code as a whole, or cuts it as code', () => {
    const code = 'let a = 1;\n';
    const short = append(`Text\n\`\`\`ts\n${code.repeat(3)}\`\`\`\nAfter\n${'y'.repeat(60)}`, 100);
    expect(short.text).not.toContain('`');
    expect(short.text.startsWith('After')).toBe(true);

    const long = append(`Text\n\`\`\`ts\n${code.repeat(40)}\`\`\`\nAfter`, 200);
    expect(long.text).toMatch(/^```ts\n(let a = 1;\n)+```\nAfter$/);
    expect(long.text.length).toBeLessThanOrEqual(200);
  });

  it('cuts one endless line where it must, but not in the middle of a character', () => {
    const { text } = append('\u{1f600}'.repeat(101), 200);

    expect(text.length).toBeLessThanOrEqual(200);
    expect(() => encodeURIComponent(text)).not.toThrow();
  });

  it('stays below the limit, and loses nothing without counting it', () => {
    let all = { text: '', omittedCharacters: 0 };
    for (let i = 0; i < 5000; i++) {
      all = appendBounded(all, `word ${i}${i % 7 === 0 ? '\n\n' : ' '}`, 1000);
      expect(all.text.length).toBeLessThanOrEqual(1000);
    }

    expect(all.text.endsWith('word 4999 ')).toBe(true);
    expect(all.omittedCharacters).toBeGreaterThan(40_000);
  });
});
