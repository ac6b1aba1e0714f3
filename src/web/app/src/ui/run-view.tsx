import { lostResult, type Notice, noticesOfRun, openRequests, requestKey, type Run } from 'netra-pipeline-client/runs';
import type { Chat } from '../chat/chat';
import type { Commands } from '../chat/commands';
import { Answer } from './answer';
import { MissingEvents } from './missing-events';
import { NoticeCard } from './notice-card';
import { RequestForm } from './request-form';
import { RunHeader } from './run-header';
import { StepView } from './step-view';
import { UsageLine } from './usage-line';
import { formatDuration } from './format';
import { draftKey } from './use-draft';

/** More of them cost more than all else on the page, and say nothing more. */
const maxSpinners = 10;

interface Props {
  readonly chat: Chat;
  readonly run: Run;
  readonly runs: ReadonlyMap<string, Run>;
  readonly notices: readonly Notice[];
  readonly commands: Commands;
  /** Whether another run on this page has started this one. */
  readonly nested?: boolean;
}

export function RunView({ chat, run, runs, notices, commands, nested = false }: Props) {
  const cancel = commands.cancels.get(run.key);
  const asked = openRequests(run);
  const waiting = asked.length > 0;
  const waitingCalls = new Set(asked.flatMap(({ callId }) => (callId === undefined ? [] : [callId])));
  const past = run.steps.filter((step) => step.kind !== 'request' || step.state !== 'open');
  const busy = past.filter((step) => step.kind === 'tool' && step.status === 'running').length > maxSpinners;
  const stalled = run.quietMs !== undefined && run.status === 'running';
  const losses = notices.filter(({ lost }) => lost !== undefined);
  return (
    <section
      class={`run run-${waiting ? 'waiting' : run.status}`}
      tabIndex={-1}
      data-testid={nested ? 'subrun' : 'run'}
      data-run-id={run.runId}
      data-status={waiting ? 'waiting' : run.status}
      data-attempt={run.attempt}
      aria-label={`Run of ${run.agentName ?? 'an agent'}`}
    >
      <RunHeader run={run} cancel={cancel} onCancel={() => chat.cancel(run)} />
      {run.omittedSteps > 0 && <p class="quiet-note">{run.omittedSteps} earlier steps are not shown.</p>}
      {past.length > 0 && (
        <ol class={busy ? 'steps steps-busy' : 'steps'}>
          {past.map((step) => (
            <StepView
              key={step.seq}
              step={step}
              lost={lostResult(losses, run, step)}
              live={step.kind === 'thought' && step.streamed !== undefined && step.streamed.thoughtId === run.thinking}
              stalled={step.kind === 'tool' && stalled}
              waiting={step.kind === 'tool' && step.callId !== undefined && waitingCalls.has(step.callId)}
            >
              {step.kind === 'child' && runs.has(step.runKey) && (
                <RunView chat={chat} run={runs.get(step.runKey)!} runs={runs} notices={notices} commands={commands} nested />
              )}
            </StepView>
          ))}
        </ol>
      )}
      <Answer run={run} waiting={waiting} />
      {asked.map((step) => (
        <RequestForm
          key={step.seq}
          step={step}
          draftKey={draftKey(chat.userId, requestKey(run.key, step.requestId))}
          answer={commands.answers.get(requestKey(run.key, step.requestId))}
          onAnswer={(value) => chat.answer(run, step.requestId, value)}
        />
      ))}
      {run.expired !== undefined && cancel === undefined && (
        <p class="run-quiet" role="status" data-testid="run-expired">{run.expired.message}</p>
      )}
      {stalled && !waiting && (
        <p class="run-quiet" data-testid="run-stalled">Nothing has been heard of this run for {formatDuration(run.quietMs!)}.</p>
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
      {run.usage !== undefined && <UsageLine usage={run.usage} />}
      {noticesOfRun(notices, run).map((notice) => (
        <NoticeCard key={notice.id} notice={notice} testId="run-error" onDismiss={(id) => chat.dismiss(id)} />
      ))}
    </section>
  );
}
