import { describe, expect, it } from 'vitest';
import { Pieces } from './pieces';

const paragraph = `${'Some words that say something. '.repeat(20)}\n\n`;

function textsOf(source: string, omitted = 0): readonly string[] {
  return new Pieces().update(source, omitted).map(({ text }) => text);
}

describe('Pieces', () => {
  it('divides between blocks, and loses nothing', () => {
    const source = paragraph.repeat(10);

    const texts = textsOf(source);

    expect(texts.length).toBeGreaterThan(5);
    expect(texts.join('')).toBe(source);
    expect(texts.every((text) => text.startsWith('Some'))).toBe(true);
  });

  it.each([
    ['a list', '- an item\n\n'],
    ['numbers', '1. an item\n\n'],
    ['what belongs to an item', '- an item\n\n  more of it\n\n'],
    ['a quotation', '> quoted\n\n'],
    ['a table', '| a | b |\n'],
  ])('divides no %s', (_, block) => {
    expect(textsOf(block.repeat(60))).toHaveLength(1);
  });

  it.each(['```', '~~~~', '- ```', '   ```'])('divides no code that begins with %s', (fence) => {
    const mark = fence.replace(/[^`~]/g, '');
    const code = `${fence}\n${'let a = 1;\n\nlet b = 2;\n'.repeat(100)}${mark}\n\n`;
    const texts = textsOf(paragraph + code + paragraph);

    expect(texts.filter((text) => text.includes('let a'))).toHaveLength(1);
  });

  it('gives a long piece of code its fence again', () => {
    const pieces = new Pieces().update(`\`\`\`python\n${'a = 1\n'.repeat(10_000)}\`\`\`\n\nAfter`, 0);

    expect(pieces.length).toBeGreaterThan(3);
    for (const { text, continues } of pieces.slice(1, -1)) {
      expect(continues).toBe(true);
      expect(text).toMatch(/^```python\na = 1\n/);
      expect(text.length).toBeLessThan(20_000);
    }
    expect(pieces.at(-1)!.text).toContain('After');
  });

  it.each(['x', '😀', 'word '])('has an end to a line without one, of %s', (unit) => {
    const source = unit.repeat(100_000);
    const pieces = new Pieces().update(source, 0);

    expect(pieces.map(({ text }) => text).join('')).toBe(source);
    expect(Math.max(...pieces.map(({ text }) => text.length))).toBeLessThan(40_000);
    expect(pieces.every(({ text }) => encodeURIComponent(text) !== '')).toBe(true);
  });

  it('comes to the same in whatever parts a text grows', () => {
    const source = `${paragraph.repeat(3)}\`\`\`js\n${'f();\n\n'.repeat(300)}\`\`\`\n\n${'- item\n'.repeat(50)}\n${paragraph.repeat(3)}`;
    for (const step of [1, 7, 400]) {
      const pieces = new Pieces();
      for (let end = step; end < source.length; end += step) {
        pieces.update(source.slice(0, end), 0);
      }
      expect(pieces.update(source, 0).map(({ text }) => text)).toEqual(textsOf(source));
    }
  });

  it('keeps what it has divided while a text grows', () => {
    const pieces = new Pieces();
    const before = pieces.update(paragraph.repeat(5), 0);

    const after = pieces.update(paragraph.repeat(5) + 'More', 0);

    expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
    expect(after.at(-1)!.id).toBe(before.at(-1)!.id);
  });

  it('keeps what is left of a text that loses its beginning', () => {
    const pieces = new Pieces();
    const source = paragraph.repeat(10);
    const before = pieces.update(source, 0);
    const cut = before[2]!.start + 40;

    const after = pieces.update(`${source.slice(cut)}And more`, cut);

    expect(after.map(({ text }) => text).join('')).toBe(`${source.slice(cut)}And more`);
    expect(after.slice(1, -1).map(({ id }) => id)).toEqual(before.slice(3, -1).map(({ id }) => id));
  });

  it('keeps what is left of code that loses its beginning and gets a fence', () => {
    const pieces = new Pieces();
    const code = 'a = 1\n'.repeat(10_000);
    const before = pieces.update(`\`\`\`python\n${code}`, 0);
    const cut = 12_000;
    const source = `\`\`\`python\n${`\`\`\`python\n${code}`.slice(cut)}b = 2\n`;

    const after = pieces.update(source, cut);

    expect(after.map(({ text, continues }) => (continues ? text.slice('```python\n'.length) : text)).join('')).toBe(source);
    expect(after.slice(1, -1).map(({ id }) => id)).toEqual(before.slice(1, -1).map(({ id }) => id));
  });

  it('begins again with another text', () => {
    const pieces = new Pieces();
    pieces.update(paragraph.repeat(5), 0);

    expect(pieces.update('Something else', 0).map(({ text }) => text)).toEqual(['Something else']);
    expect(pieces.update('', 0)).toEqual([]);
  });
});
