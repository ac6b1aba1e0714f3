import type { Exchange, Notice, Run } from 'netra-pipeline-client/runs';
import type { Chat } from '../chat/chat';
import type { Commands } from '../chat/commands';
import { FactList } from './fact-list';
import { Interruption } from './interruption';
import { memo } from './memo';
import { QuestionView } from './question-view';
import { RunView } from './run-view';

interface Props {
  readonly chat: Chat;
  readonly threadId: string;
  readonly exchange: Exchange;
  readonly run: Run | undefined;
  readonly runs: ReadonlyMap<string, Run>;
  readonly notices: readonly Notice[];
  readonly commands: Commands;
}

export function ExchangeView({ runs, ...props }: Props) {
  // Only a run that has started others depends on them: without this, each token would render the whole page.
  const withChildren = props.run?.steps.some((step) => step.kind === 'child') ?? false;
  return <MemoizedExchange {...props} runs={withChildren ? runs : noRuns} />;
}

const noRuns: ReadonlyMap<string, Run> = new Map();

const MemoizedExchange = memo(({ chat, threadId, exchange, run, runs, notices, commands }: Props) => (
  <article class="exchange">
    {exchange.question !== undefined && <QuestionView question={exchange.question} onRetry={() => chat.retry(threadId, exchange.id)} />}
    {run !== undefined && <RunView chat={chat} run={run} runs={runs} notices={notices} commands={commands} />}
    {exchange.interrupted === true && <Interruption />}
    {run === undefined && exchange.question?.state === 'accepted' && (
      <p class="quiet-note">The server has taken the message. Nothing has been heard of a run yet.</p>
    )}
    {exchange.facts !== undefined && <FactList facts={exchange.facts} />}
  </article>
));
