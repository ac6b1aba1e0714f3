import { isCritical } from '../protocol/event-types.js';
import type { ClientMessage } from '../protocol/client-messages.js';
import type { Numbered } from '../protocol/parse.js';
import type { Gap, Welcome } from '../protocol/server-messages.js';
import { Acknowledger } from './acknowledger.js';
import { Completeness } from './completeness.js';
import { Cursor } from './cursor.js';
import type { CatchUp, ClientHandlers, Tell } from './handler.js';
import { Sequencer, type Missing, type Step } from './sequencer.js';
import { TaskQueue } from './task-queue.js';

const repairTimeoutMs = 5000;
const maxHeld = 1024;
const maxHoles = 256;

/** What an inbox has the connection do. */
export interface InboxOwner {
  send(message: ClientMessage): void;
  /** Missing events were asked for, and did not come. */
  unrepaired(): void;
  /** More waits for the application than may. Called until `level`. */
  behind(): void;
  /** Nothing waits for the application any more. */
  level(): void;
  /** The position has moved, and the server is about to be told. */
  progressed(): void;
}

/** The numbered side of a connection: what was processed, in which order, and how the server learns of it. */
export class Inbox {
  readonly #cursor = new Cursor();
  readonly #sequencer = new Sequencer<Numbered>(this.#cursor);
  readonly #acknowledger: Acknowledger;
  readonly #completeness: Completeness;
  /** What the application is told in its turn. It outlives connections: what was received is not received again. */
  readonly #tasks: TaskQueue;
  readonly #handlers: ClientHandlers;
  readonly #tell: Tell;
  readonly #owner: InboxOwner;
  readonly #maxQueued: number;
  /** Grows with every history, so that what is still being handled of an earlier one counts no more. */
  #history = 0;
  #catchUp: CatchUp | undefined;
  #recovery: { events: number; complete: boolean } | undefined;
  #repair: ReturnType<typeof setTimeout> | undefined;

  constructor(handlers: ClientHandlers, tell: Tell, owner: InboxOwner, maxQueued: number) {
    this.#handlers = handlers;
    this.#tell = tell;
    this.#owner = owner;
    this.#maxQueued = maxQueued;
    this.#tasks = new TaskQueue(() => owner.level());
    this.#completeness = new Completeness(
      ({ from, to }) => owner.send({ type: 'replay', from, to }),
      (run) => tell('onIncomplete', run),
    );
    this.#acknowledger = new Acknowledger(
      // After a gap or a resume the cursor may be ahead of what this connection was sent; to acknowledge that would be an offence.
      () => Math.min(this.#cursor.position, this.#sequencer.written),
      (seq) => {
        owner.progressed();
        owner.send({ type: 'ack', seq });
      },
    );
  }

  /** The last number below which everything is processed. */
  get position(): number {
    return this.#cursor.position;
  }

  /** Goes on where an earlier page has ended. */
  restore(position: number): void {
    this.#cursor.reset(position);
    this.#completeness.reset(position);
  }

  /** `recovers`: the connection comes in place of another one. */
  begin(welcome: Welcome, recovers: boolean): void {
    if (!welcome.resumed) {
      this.drop();
      this.#history++;
      this.restore(welcome.from);
    }
    this.#recovery = recovers ? { events: 0, complete: welcome.resumed } : undefined;
    this.#sequencer.begin();
    this.#acknowledger.begin(welcome.ack_interval_ms, welcome.ack_every);
    if (welcome.seq > this.#cursor.position) {
      this.#startCatchUp({ from: this.#cursor.position + 1, to: welcome.seq });
    } else {
      this.#recovered();
    }
  }

  stop(): void {
    this.#acknowledger.stop();
    this.#completeness.stop();
    this.#stopRepair();
    this.#recovery = undefined;
    this.#endCatchUp();
  }

  /** What waits for the application is not told. What it is handling cannot be called back. */
  drop(): void {
    this.#tasks.clear();
    this.#sequencer.forget();
  }

  numbered(frame: Numbered): void {
    const step = this.#sequencer.accept(frame);
    if (step.duplicate === true && frame.event !== undefined && isCritical(frame.event.type)) {
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
      if (this.#recovery !== undefined) {
        this.#recovery.complete = false;
      }
      this.#tasks.run(() => this.#tell('onGap', gap));
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
    const history = this.#history;
    step.deliver.forEach((frame) => this.#tasks.run(() => this.#deliver(frame, history)));
    if (!this.#sequencer.waiting) {
      this.#stopRepair();
    }
    if (this.#catchUp !== undefined && this.#sequencer.highest >= this.#catchUp.to) {
      const { to } = this.#catchUp;
      this.#tasks.run(() => this.#caughtUp(to));
    }
    if (this.#sequencer.held > maxHeld || this.#cursor.holes > maxHoles) {
      this.#owner.unrepaired();
    } else if (this.#tasks.size > this.#maxQueued) {
      this.#owner.behind();
    }
  }

  #deliver(frame: Numbered, history: number): void | PromiseLike<void> {
    if (frame.problem !== undefined) {
      // Asking again would bring the same frame: it is told, and passed over.
      this.#tell('onFault', { code: 'malformed_message', message: `Event ${frame.seq} is not as it should be: ${frame.problem}.` });
    }
    if (frame.event === undefined) {
      this.#processed(frame, history);
      return;
    }
    try {
      const handling = this.#handlers.onEvent(frame.event);
      if (isPromise(handling)) {
        return handling.then(
          () => this.#processed(frame, history),
          (error: unknown) => this.#failed(frame, history, error),
        );
      }
    } catch (error) {
      this.#failed(frame, history, error);
      return;
    }
    this.#processed(frame, history);
  }

  #processed(frame: Numbered, history: number): void {
    if (history !== this.#history) {
      return;
    }
    this.#sequencer.settle(frame);
    if (this.#recovery !== undefined) {
      this.#recovery.events += frame.seq - frame.from + 1;
    }
    this.#completeness.processed(frame);
    this.#acknowledger.handled(frame.event !== undefined && isCritical(frame.event.type), frame.seq - frame.from + 1);
  }

  #failed(frame: Numbered, history: number, cause: unknown): void {
    if (history === this.#history) {
      this.#sequencer.release(frame);
    }
    this.#tell('onFault', { code: 'handler_failed', message: `Event ${frame.seq} could not be handled: ${String(cause)}`, cause });
  }

  #request(missing: Missing): void {
    const message = `Events ${missing.from} to ${missing.to} are missing without a gap; asking the server again.`;
    this.#tell('onFault', { code: 'missing_events', message });
    this.#askAgain(missing);
  }

  #askAgain({ from, to }: Missing): void {
    this.#owner.send({ type: 'replay', from, to });
    this.#repair ??= setTimeout(() => this.#owner.unrepaired(), repairTimeoutMs);
  }

  #stopRepair(): void {
    clearTimeout(this.#repair);
    this.#repair = undefined;
  }

  #startCatchUp(range: CatchUp): void {
    this.#catchUp = range;
    this.#tell('onCatchUp', range);
  }

  /** The application has handled what it was told up to there, unless there is more by now. */
  #caughtUp(to: number): void {
    if (this.#catchUp !== undefined && to >= this.#catchUp.to) {
      this.#endCatchUp();
      this.#recovered();
    }
  }

  #endCatchUp(): void {
    if (this.#catchUp !== undefined) {
      this.#catchUp = undefined;
      this.#tell('onCatchUp', undefined);
    }
  }

  #recovered(): void {
    const recovery = this.#recovery;
    this.#recovery = undefined;
    if (recovery !== undefined) {
      this.#tell('onRecovered', recovery);
    }
  }
}

function isPromise(value: void | PromiseLike<void>): value is PromiseLike<void> {
  return typeof (value as PromiseLike<void> | undefined)?.then === 'function';
}
