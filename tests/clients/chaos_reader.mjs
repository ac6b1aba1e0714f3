// Readers of the client chaos, on the TypeScript client as it is built (src/web/client/dist). They read until standard input ends, whose
// last word is the head of each user; each reads to there, and says what it has handled and what it was told to be lost, a line a
// reader.
//
// usage: node --experimental-websocket chaos_reader.mjs URL NAME COUNT USER...
import { PipelineClient } from '../../src/web/client/dist/index.js';

const [url, name, count, ...users] = process.argv.slice(2);

function keysOf(event) {
  switch (event.type) {
    case 'token':
      return event.data.delta.replace(/;$/, '').split(';');
    case 'custom':
      return [event.data.value];
    default:
      return [event.data.metadata.key];
  }
}

class Reader {
  frames = [];
  lost = [];
  faults = [];
  #position = 0;
  #head = Infinity;
  #there;
  whenThere = new Promise((resolve) => (this.#there = resolve));

  constructor(index) {
    this.name = `${name}${index}`;
    this.user = users[index % users.length];
    this.client = new PipelineClient({ url: new URL('/ws', url), userId: this.user, start: 'kept' }, {
      onEvent: async (event) => {
        // Now and then a handler takes its time.
        if (event.seq % 7 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        this.frames.push([event.from_seq ?? event.seq, event.seq, keysOf(event)]);
        this.#reach(event.seq);
      },
      onGap: (gap) => {
        if (gap.cause === 'server_restart' && !gap.certain) {
          this.lost.push([gap.from, gap.to]);
        }
        this.#reach(gap.to);
      },
      onState: (state) => {
        if (state.name === 'failed') {
          this.faults.push(`failed: ${state.reason}`);
          this.#there();
        }
      },
      onFault: (fault) => this.faults.push(fault.message),
    });
    this.client.connect();
  }

  get place() {
    return `${this.name} stands at ${this.#position} of ${this.#head}, ${JSON.stringify(this.client.state)}`;
  }

  endAt(head) {
    this.#head = head;
    this.#reach(this.#position);
  }

  #reach(seq) {
    this.#position = Math.max(this.#position, seq);
    if (this.#position >= this.#head) {
      this.#there();
    }
  }
}

const readers = Array.from({ length: Number(count) }, (_, index) => new Reader(index));
let word = '';
for await (const piece of process.stdin) {
  word += piece;
}
const heads = JSON.parse(word);
readers.forEach((reader) => reader.endAt(heads[reader.user]));
const patience = setTimeout(() => {
  console.error(readers.map((reader) => reader.place).join('\n'));
  process.exit(1);
}, 120_000);
await Promise.all(readers.map((reader) => reader.whenThere));
clearTimeout(patience);
readers.forEach((reader) => reader.client.disconnect());
const lines = readers.map(({ name, user, frames, lost, faults }) => `${JSON.stringify({ name, user, frames, lost, faults })}\n`);

// Node waits without end for the closing handshake of a connection that was given up because nothing came over it any more.
process.stdout.write(lines.join(''), () => process.exit());
