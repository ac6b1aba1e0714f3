/** A part of a text that can be read by itself: it begins and ends between blocks, as far as there is a between. */
export interface Piece {
  /** Stays the same as long as the piece does. */
  readonly id: number;
  readonly text: string;
  /** Whether it goes on with the code with which the one before ends. */
  readonly continues: boolean;
  readonly start: number;
  readonly end: number;
}

/** Below this nothing is worth a piece of its own. */
const least = 500;
/** Above this a piece ends at the next line, wherever that is: what it costs to read one stays bounded. */
const most = { text: 8000, table: 16_000, code: 16_000 } as const;

interface Fence {
  readonly line: string;
  readonly mark: string;
}

const opening = /^\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}|~{3,})([^`]*)$/;
/** A line after which what came before it is over: one that continues a list, a quotation or an item is none. */
const beginning = /^(?!(?:[-*+]|\d{1,9}[.)])(?:\s|$))[^\s>]/;

/**
 * Divides a growing text, so that with each of its words only the end has to be read again. It may also lose its beginning, as a long
 * answer does (`cut-text.ts`).
 */
export class Pieces {
  #source = '';
  #omitted = 0;
  #nextId = 1;
  #done: readonly Piece[] = [];
  /** Where the last piece begins, which is not done, and what it needs in front of it to be read by itself. */
  #start = 0;
  #prefix = '';
  /** Where the first line begins that was not looked at. */
  #line = 0;
  #fence: Fence | undefined;
  #afterBlank = false;

  /** `omitted` is how many characters the text has lost at its beginning. */
  update(source: string, omitted: number): readonly Piece[] {
    if (omitted !== this.#omitted || !source.startsWith(this.#source)) {
      this.#align(source, omitted);
    }
    this.#source = source;
    this.#omitted = omitted;
    this.#scan();
    // The one that grows has the id that it will have when it is done.
    return this.#start < source.length ? [...this.#done, this.#piece(this.#nextId, source.length)] : this.#done;
  }

  /** Keeps the pieces of what is still there. */
  #align(source: string, omitted: number): void {
    const lost = omitted - this.#omitted;
    const kept = this.#source.slice(lost);
    // Where it was cut within code it begins with a fence of its own.
    const added = [0, source.indexOf('\n') + 1].find((length) => lost > 0 && kept !== '' && source.startsWith(kept, length));
    if (added === undefined) {
      this.#done = [];
      this.#start = this.#line = 0;
      this.#prefix = '';
      this.#fence = undefined;
      this.#afterBlank = false;
      return;
    }
    const shift = added - lost;
    this.#done = this.#done.flatMap((piece) => {
      const [start, end] = [piece.start + shift, piece.end + shift];
      if (end <= added) {
        return [];
      }
      return start >= added
        ? [{ ...piece, start, end }]
        : [{ id: this.#nextId++, text: source.slice(0, end), continues: false, start: 0, end }];
    });
    if (this.#start + shift < added) {
      this.#prefix = '';
    }
    this.#start = this.#start + shift < added ? 0 : this.#start + shift;
    this.#line = Math.max(added, this.#line + shift);
  }

  #scan(): void {
    for (;;) {
      const end = this.#source.indexOf('\n', this.#line);
      if (end === -1) {
        this.#divide(this.#source.length);
        return;
      }
      const line = this.#source.slice(this.#line, end);
      const over = this.#fence === undefined && this.#afterBlank && beginning.test(line);
      const limit = this.#fence !== undefined ? most.code : line.startsWith('|') ? most.table : most.text;
      if (this.#line - this.#start >= (over ? least : limit)) {
        this.#end(this.#line);
      }
      this.#fence = this.#fence === undefined ? fenceOf(line) : closes(this.#fence, line) ? undefined : this.#fence;
      this.#afterBlank = line.trim() === '';
      this.#line = end + 1;
      this.#divide(this.#line);
    }
  }

  /** A line may be as long as a text. */
  #divide(end: number): void {
    const limit = most.code;
    while (end - this.#start > 2 * limit) {
      const at = this.#start + limit;
      this.#end(isSecondHalf(this.#source, at) ? at + 1 : at);
    }
  }

  #end(at: number): void {
    this.#done = [...this.#done, this.#piece(this.#nextId++, at)];
    this.#start = at;
    this.#prefix = this.#fence === undefined ? '' : `${this.#fence.line}\n`;
  }

  #piece(id: number, end: number): Piece {
    const text = this.#prefix + this.#source.slice(this.#start, end);
    return { id, text, continues: this.#prefix !== '', start: this.#start, end };
  }
}

function fenceOf(line: string): Fence | undefined {
  const found = opening.exec(line);
  return found === null ? undefined : { line: found[1]! + found[2]!, mark: found[1]! };
}

function closes({ mark }: Fence, line: string): boolean {
  const text = line.trim();
  return text.length >= mark.length && text === mark[0]!.repeat(text.length);
}

/** Between the two halves of one character. */
function isSecondHalf(text: string, at: number): boolean {
  return /[\udc00-\udfff]/.test(text.charAt(at));
}
