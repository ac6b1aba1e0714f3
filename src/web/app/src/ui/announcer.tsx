import { useEffect, useRef, useState } from 'preact/hooks';
import { openRequests, type Run } from 'netra-pipeline-client/runs';

const maxAnswerLength = 500;

interface Props {
  readonly runs: ReadonlyMap<string, Run>;
  /** Whether what is there is what is happening, and not what has happened. */
  readonly live: boolean;
}

/**
 * Tells somebody who does not see the page what becomes of the runs in the thread: beginnings, questions and ends, the answer as a whole.
 * Nothing else on the page is read aloud by itself while a run goes on, so that nobody hears single words.
 */
export function Announcer({ runs, live }: Props) {
  const known = useRef<ReadonlyMap<string, string> | undefined>(undefined);
  const [words, setWords] = useState('');
  useEffect(() => {
    const before = known.current;
    const now = new Map([...runs].map(([key, run]) => [key, momentOf(run)]));
    known.current = now;
    if (before === undefined || !live) {
      return;
    }
    const told = [...runs.values()].filter((run) => before.get(run.key) !== now.get(run.key)).map(wordsOf);
    if (told.length > 0) {
      setWords(told.join(' '));
    }
  }, [runs, live]);
  return <p class="visually-hidden" aria-live="polite" data-testid="announcement">{words}</p>;
}

/** Changes when there is something to tell. */
function momentOf(run: Run): string {
  return JSON.stringify([run.status, run.attempt, run.quietMs !== undefined, openRequests(run).map(({ requestId }) => requestId)]);
}

function wordsOf(run: Run): string {
  const agent = run.agentName ?? 'The agent';
  const asked = openRequests(run);
  switch (run.status) {
    case 'running':
      return asked.length > 0
        ? `${agent} asks: ${asked.map(({ prompt }) => prompt).join(' ')}`
        : run.quietMs !== undefined ? `Nothing is heard of ${agent}.` : `${agent} is at work.`;
    case 'completed':
      return run.answer === '' ? `${agent} is done.` : `${agent} is done: ${run.answer.slice(0, maxAnswerLength)}`;
    case 'failed':
      return `${agent} has failed: ${run.failure?.message ?? ''}`;
    case 'cancelled':
      return `${agent} was cancelled.`;
    case 'unknown':
      return '';
  }
}
