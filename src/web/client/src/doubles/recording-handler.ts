import type { CatchUp, ClientHandlers, Fault, IncompleteRun, Recovery } from '../connection/handler.js';
import type { ConnectionState } from '../connection/state.js';
import type { PipelineEvent } from '../protocol/events.js';
import type { CommandTaken, ErrorMessage, Gap } from '../protocol/server-messages.js';

/** Keeps everything it is told, in order. */
export class RecordingHandler implements ClientHandlers {
  readonly states: ConnectionState[] = [];
  readonly seqs: number[] = [];
  readonly catchUps: (CatchUp | undefined)[] = [];
  readonly lost: Gap[] = [];
  readonly incomplete: IncompleteRun[] = [];
  readonly errors: ErrorMessage[] = [];
  readonly faults: Fault[] = [];
  readonly taken: CommandTaken[] = [];
  readonly endings: boolean[] = [];
  readonly recoveries: Recovery[] = [];
  resets = 0;
  /** Called for each event before it is kept; a test lets it throw, or wait. */
  beforeEvent: (event: PipelineEvent) => void | Promise<void> = () => undefined;

  onState(state: ConnectionState): void {
    this.states.push(state);
  }

  onEvent(event: PipelineEvent): void | Promise<void> {
    const before = this.beforeEvent(event);
    return before instanceof Promise ? before.then(() => void this.seqs.push(event.seq)) : void this.seqs.push(event.seq);
  }

  onRecovered(recovery: Recovery): void {
    this.recoveries.push(recovery);
  }

  onReset(): void {
    this.resets++;
  }

  onCatchUp(range: CatchUp | undefined): void {
    this.catchUps.push(range);
  }

  onGap(gap: Gap): void {
    this.lost.push(gap);
  }

  onIncomplete(run: IncompleteRun): void {
    this.incomplete.push(run);
  }

  onError(error: ErrorMessage): void {
    this.errors.push(error);
  }

  onCommandTaken(taken: CommandTaken): void {
    this.taken.push(taken);
  }

  onCredentialEnding(ending: boolean): void {
    this.endings.push(ending);
  }

  onFault(fault: Fault): void {
    this.faults.push(fault);
  }
}
