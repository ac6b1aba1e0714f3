import type { Notice } from './notices.js';
import type { Run, Step, ToolStep } from './run.js';

/** The notices that belong to a run and say more than the run itself, or one of its tools, already shows. */
export function noticesOfRun(notices: readonly Notice[], run: Run): readonly Notice[] {
  return notices.filter((notice) => concerns(notice, run) && !repeats(notice, run) && lostBy(notice, run) === undefined);
}

/** Why the end of a tool call will not come: it was refused, so the tool alone would stay unfinished without a reason. */
export function lostResult(notices: readonly Notice[], run: Run, step: Step): Notice | undefined {
  return step.kind === 'tool' && isOpen(step) ? notices.find((notice) => concerns(notice, run) && lostBy(notice, run) === step) : undefined;
}

function lostBy(notice: Notice, run: Run): ToolStep | undefined {
  const { lost } = notice;
  if (lost?.type !== 'tool_completed') {
    return undefined;
  }
  const calls = run.steps.filter(
    (step): step is ToolStep =>
      step.kind === 'tool' && (lost.callId !== undefined ? step.callId === lost.callId : step.name === lost.toolName),
  );
  // One that has ended after all says by itself how.
  return calls.find(isOpen) ?? calls.at(-1);
}

function isOpen(step: ToolStep): boolean {
  return step.status === 'running' || step.status === 'unfinished';
}

/** The notices that belong to no run on this page. */
export function noticesOfPage(notices: readonly Notice[], runs: ReadonlyMap<string, Run>): readonly Notice[] {
  const all = [...runs.values()];
  return notices.filter((notice) => !all.some((run) => concerns(notice, run)));
}

function concerns(notice: Notice, run: Run): boolean {
  return notice.runId === run.runId && (notice.threadId === undefined || notice.threadId === run.threadId);
}

/** The failure of a tool or an agent arrives as its event, which is shown in its place, and as an `error`. */
function repeats(notice: Notice, run: Run): boolean {
  const told = notice.detail ?? notice.message;
  if (notice.code === 'agent_failed' || notice.code === run.failure?.code) {
    return run.failure !== undefined && told.includes(run.failure.message);
  }
  return (
    notice.code === 'tool_failed' &&
    run.steps.some((step) => step.kind === 'tool' && step.failure !== undefined && told.includes(step.failure.message))
  );
}
