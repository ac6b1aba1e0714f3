import type { Notice } from '../run/notices';
import { lostResult, noticesOfRun } from '../run/placement';
import type { Run } from '../run/run';
import type { Chat } from '../chat/chat';
import { Answer } from './answer';
import { MissingEvents } from './missing-events';
import { NoticeCard } from './notice-card';
import { RunHeader } from './run-header';
import { StepView } from './step-view';
import { formatDuration } from './format';

interface Props {
  readonly chat: Chat;
  readonly run: Run;
  readonly runs: ReadonlyMap<string, Run>;
  readonly notices: readonly Notice[];
  readonly cancelling: ReadonlySet<string>;
  /** Whether another run on this page has started this one. */
  readonly nested?: boolean;
}

export function RunView({ chat, run, runs, notices, cancelling, nested = false }: Props) {
  const asked = cancelling.has(run.key);
  return (
    <section
      class={`run run-${run.status}`}
      data-testid={nested ? 'subrun' : 'run'}
      data-run-id={run.runId}
      data-status={run.status}
      aria-label={`Run of ${run.agentName ?? 'an agent'}`}
    >
      <RunHeader run={run} cancelling={asked} onCancel={() => chat.cancel(run)} />
      {run.omittedSteps > 0 && <p class="quiet-note">{run.omittedSteps} earlier steps are not shown.</p>}
      {run.steps.length > 0 && (
        <ol class="steps">
          {run.steps.map((step) => (
            <StepView key={step.seq} step={step} lost={lostResult(notices, run, step)}>
              {step.kind === 'child' && runs.has(step.runKey) && (
                <RunView chat={chat} run={runs.get(step.runKey)!} runs={runs} notices={notices} cancelling={cancelling} nested />
              )}
            </StepView>
          ))}
        </ol>
      )}
      <Answer run={run} />
      {run.quietMs !== undefined && run.status === 'running' && (
        <p class="run-quiet" role="alert">Nothing has been heard of this run for {formatDuration(run.quietMs)}.</p>
      )}
      {run.missing !== undefined && <MissingEvents {...run.missing} />}
      {run.resent !== undefined && (
        <p class="quiet-note" data-testid="run-resent">
          {run.resent === 1 ? 'One event of this run was' : `${run.resent} events of this run were`} sent again by an operator.
        </p>
      )}
      {run.failure !== undefined && (
        <p class="run-failure" data-testid="run-failure">
          {run.failure.message} <code class="notice-code">{run.failure.code}</code>
        </p>
      )}
      {run.status === 'cancelled' && run.reason !== undefined && <p class="quiet-note">{run.reason}</p>}
      {noticesOfRun(notices, run).map((notice) => (
        <NoticeCard key={notice.id} notice={notice} testId="run-error" onDismiss={(id) => chat.dismiss(id)} />
      ))}
    </section>
  );
}
