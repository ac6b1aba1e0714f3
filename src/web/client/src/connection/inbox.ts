import { isCritical } from '../protocol/event-types.js';
import type { ClientMessage } from '../protocol/client-messages.js';
import type { Numbered } from '../protocol/parse.js';
import type { Gap, Welcome } from '../protocol/server-messages.js';
import { Acknowledger } from './acknowledger.js';
import { Completeness } from './completeness.js';
import { Cursor } from './cursor.js';
import type { CatchUp, ConnectionHandler } from './handler.js';
import { Sequencer, type Missing, type Step } from './sequencer.js';

const repairTimeoutMs = 5000;
const maxHeld = 1024;
const maxHoles = 256;

/** The numbered side of a connection: what was processed, in which order, and how the server learns of it. */
export class Inbox {
  readonly #cursor = new Cursor();
  readonly #sequencer = new Sequencer<Numbered>(this.#cursor);
  readonly #acknowledger: Acknowledger;
  readonly #completeness: Completeness;
  readonly #handler: ConnectionHandler;
  readonly #send: (message: ClientMessage) => void;
  readonly #onUnrepaired: () => void;
  #catchUp: CatchUp | undefined;
  #repair: ReturnType<typeof setTimeout> | undefined;

  constructor(handler: ConnectionHandler, send: (message: ClientMessage) => void, onUnrepaired: () => void) {
    this.#handler = handler;
    this.#send = send;
    this.#onUnrepaired = onUnrepaired;
    this.#completeness = new Completeness(
      ({ from, to }) => this.#send({ type: 'replay', from, to }),
      (run) => this.#handler.onIncomplete(run),
    );
    this.#acknowledger = new Acknowledger(
      // After a gap or a resume the cursor may be ahead of what this connection was sent; to acknowledge that would be an offence.
      () => Math.min(this.#cursor.position, this.#sequencer.written),
      (seq) => this.#send({ type: 'ack', seq }),
    );
  }

  /** The last number below which everything is processed. */
  get position(): number {
    return this.#cursor.position;
  }

  begin(welcome: Welcome): void {
    if (!welcome.resumed) {
      this.#cursor.reset(welcome.from);
      this.#completeness.reset(welcome.from);
    }
    this.#sequencer.begin();
    this.#acknowledger.begin(welcome.ack_interval_ms, welcome.ack_every);
    if (welcome.seq > this.#cursor.position) {
      this.#startCatchUp({ from: this.#cursor.position + 1, to: welcome.seq });
    }
  }

  stop(): void {
    this.#acknowledger.stop();
    this.#completeness.stop();
    this.#stopRepair();
    this.#endCatchUp();
  }

  numbered(frame: Numbered): void {
    const step = this.#sequencer.accept(frame);
    if (step.duplicate && frame.event !== undefined && isCritical(frame.event.type)) {
      this.#acknowledger.repeat();
    }
    this.#carryOut(step);
  }

  gap(gap: Gap): void {
    if (gap.replay) {
      this.#startCatchUp({ from: gap.from, to: gap.to });
      return;
    }
    if (gap.to > this.#cursor.position) {
      this.#handler.onGap(gap);
    }
    this.#completeness.lost(gap);
    if (this.#catchUp !== undefined && gap.to >= this.#catchUp.from && gap.to < this.#catchUp.to) {
      // These numbers need not be waited for, and after a restart of the server they are a million.
      this.#startCatchUp({ from: gap.to + 1, to: this.#catchUp.to });
    }
    this.#carryOut(this.#sequencer.skip(gap));
  }

  /** The number a due pong should carry. */
  carry(): number {
    return this.#acknowledger.carry();
  }

  #carryOut(step: Step<Numbered>): void {
    if (step.missing !== undefined) {
      this.#request(step.missing);
    }
    if (step.apart !== undefined) {
      // No fault: an earlier connection has brought a part of it, and redeliveries are never joined.
      this.#askAgain(step.apart);
    }
    step.deliver.forEach((frame) => this.#deliver(frame));
    if (!this.#sequencer.waiting) {
      this.#stopRepair();
    }
    if (this.#sequencer.held > maxHeld || this.#cursor.holes > maxHoles) {
      this.#onUnrepaired();
    }
    if (this.#catchUp !== undefined && this.#sequencer.highest >= this.#catchUp.to) {
      this.#endCatchUp();
    }
  }

  #deliver(frame: Numbered): void {
    if (frame.problem !== undefined) {
      // Asking again would bring the same frame: it is told, and passed over.
      const verdict = frame.event === undefined ? 'could not be read' : 'is not as it should be';
      this.#handler.onFault({ code: 'malformed_message', message: `Event ${frame.seq} ${verdict}: ${frame.problem}.` });
    }
    if (frame.event !== undefined) {
      try {
        this.#handler.onEvent(frame.event);
      } catch (error) {
        this.#handler.onFault({ code: 'handler_failed', message: `Event ${frame.seq} could not be shown: ${String(error)}` });
        return;
      }
    }
    this.#cursor.settle(frame.from, frame.seq);
    this.#completeness.processed(frame);
    this.#acknowledger.handled(frame.event !== undefined && isCritical(frame.event.type), frame.seq - frame.from + 1);
  }

  #request(missing: Missing): void {
    const { from, to } = missing;
    const range = from === to ? `Event ${from} is` : `Events ${from} to ${to} are`;
    this.#handler.onFault({ code: 'missing_events', message: `${range} missing without an explanation; asking the server again.` });
    this.#askAgain(missing);
  }

  #askAgain({ from, to }: Missing): void {
    this.#send({ type: 'replay', from, to });
    this.#repair ??= setTimeout(() => this.#onUnrepaired(), repairTimeoutMs);
  }

  #stopRepair(): void {
    clearTimeout(this.#repair);
    this.#repair = undefined;
  }

  #startCatchUp(range: CatchUp): void {
    this.#catchUp = range;
    this.#handler.onCatchUp(range);
  }

  #endCatchUp(): void {
    if (this.#catchUp !== undefined) {
      this.#catchUp = undefined;
      this.#handler.onCatchUp(undefined);
    }
  }
}
