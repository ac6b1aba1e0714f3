import { isTerminal } from '../protocol/event-types.js';
import type { RunExtent } from '../protocol/events.js';
import type { Numbered, RunName } from '../protocol/parse.js';
import type { Gap } from '../protocol/server-messages.js';
import type { IncompleteRun } from './handler.js';
import type { Missing } from './sequencer.js';

const answerTimeoutMs = 5000;
/** At the limit the oldest run is no longer counted, and not judged when it ends. */
export const maxCountedRuns = 1024;

interface Tally {
  readonly run: RunName;
  /** Only the last attempt counts, and each begins a tally of its own. */
  readonly attempt: number;
  /** The first of its events that was processed. */
  readonly first: number;
  processed: number;
  /** Known when the run has ended with events missing. */
  extent?: RunExtent;
  asking?: ReturnType<typeof setTimeout>;
}

/**
 * Counts the processed events of every run until it is over, compares with what its terminal event says, and asks once for
 * what is missing (protocol 4.4).
 */
export class Completeness {
  readonly #tallies = new Map<string, Tally>();
  readonly #ask: (range: Missing) => void;
  readonly #report: (run: IncompleteRun) => void;
  /** Runs that began here or before cannot be judged: this client has not seen everything since. */
  #floor = 0;

  constructor(ask: (range: Missing) => void, report: (run: IncompleteRun) => void) {
    this.#ask = ask;
    this.#report = report;
  }

  /** Another history begins, after `position`. */
  reset(position: number): void {
    this.stop();
    this.#tallies.clear();
    this.#floor = position;
  }

  /** Nobody answers any more. What the next connection brings still counts. */
  stop(): void {
    this.#tallies.forEach((tally) => this.#giveUp(tally));
  }

  /** These numbers will not come, whichever runs they were of. */
  lost(gap: Gap): void {
    this.#floor = Math.max(this.#floor, gap.to);
    for (const tally of this.#tallies.values()) {
      if (tally.extent !== undefined && tally.extent.first_seq <= gap.to && gap.from <= tally.extent.last_seq) {
        this.#giveUp(tally);
      }
    }
  }

  /** The application has handled this frame, for the first time. */
  processed({ from, seq, run, attempt, event }: Numbered): void {
    const tally = run === undefined ? undefined : this.#tally(run, attempt, from);
    if (tally === undefined) {
      return;
    }
    tally.processed += seq - from + 1;
    if (tally.extent !== undefined) {
      this.#recount(tally, tally.extent);
    } else if (event !== undefined && isTerminal(event.type)) {
      this.#judge(tally, event.run ?? undefined);
    }
  }

  #judge(tally: Tally, extent: RunExtent | undefined): void {
    if (extent === undefined || extent.first_seq <= this.#floor || tally.processed >= extent.events) {
      this.#tallies.delete(keyOf(tally.run));
      return;
    }
    tally.extent = extent;
    tally.asking = setTimeout(() => this.#giveUp(tally), answerTimeoutMs);
    this.#ask({ from: extent.first_seq, to: extent.last_seq });
    this.#recount(tally, extent);
  }

  #recount(tally: Tally, extent: RunExtent): void {
    const missing = Math.max(0, extent.events - tally.processed);
    if (missing === 0) {
      clearTimeout(tally.asking);
      this.#tallies.delete(keyOf(tally.run));
    }
    this.#report({ ...tally.run, missing, asking: missing > 0 && tally.asking !== undefined });
  }

  #giveUp(tally: Tally): void {
    if (tally.extent !== undefined && tally.asking !== undefined) {
      clearTimeout(tally.asking);
      delete tally.asking;
      this.#recount(tally, tally.extent);
    }
  }

  /** `undefined` for an event of an attempt that counts no more. */
  #tally(run: RunName, attempt: number, first: number): Tally | undefined {
    const key = keyOf(run);
    const known = this.#tallies.get(key);
    if (known !== undefined && known.attempt >= attempt) {
      return known.attempt === attempt ? known : undefined;
    }
    clearTimeout(known?.asking);
    const tally: Tally = { run, attempt, first, processed: 0 };
    this.#tallies.delete(key);
    this.#tallies.set(key, tally);
    this.#forgetExcess();
    return tally;
  }

  #forgetExcess(): void {
    const [oldest] = this.#tallies.values();
    if (oldest !== undefined && this.#tallies.size > maxCountedRuns) {
      this.#giveUp(oldest);
      this.#floor = Math.max(this.#floor, oldest.first);
      this.#tallies.delete(keyOf(oldest.run));
    }
  }
}

function keyOf({ threadId, runId }: RunName): string {
  return JSON.stringify([threadId, runId]);
}
