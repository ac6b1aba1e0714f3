import type { Failure, Json } from 'netra-pipeline-client';
import { openRequests, requestKey, type Run } from 'netra-pipeline-client/runs';

/** How far a request to stop a run has come. Its end is told by the run. */
export type CancelState = 'asked' | 'taken';

/** What became of this page's answer to a request, as long as the run has not said it. */
export type AnswerState =
  | { readonly name: 'sending' | 'sent'; readonly value: Json }
  | { readonly name: 'failed'; readonly value: Json; readonly failure: Failure };

/** What was asked of runs and is not settled yet. */
export interface Commands {
  /** By the key of the run. */
  readonly cancels: ReadonlyMap<string, CancelState>;
  /** By the key of the request. */
  readonly answers: ReadonlyMap<string, AnswerState>;
}

export const noCommands: Commands = { cancels: new Map(), answers: new Map() };

export function setCancel(commands: Commands, key: string, state: CancelState | undefined): Commands {
  return { ...commands, cancels: withEntry(commands.cancels, key, state) };
}

export function setAnswer(commands: Commands, key: string, state: AnswerState | undefined): Commands {
  return { ...commands, answers: withEntry(commands.answers, key, state) };
}

/** Forgets what was asked of a run that has ended, and answers to requests that nobody waits for: the run says what became of them. */
export function settle(commands: Commands, runs: Iterable<Run>): Commands {
  if (commands.cancels.size === 0 && commands.answers.size === 0) {
    return commands;
  }
  const running = [...runs].filter((run) => run.status === 'running');
  const open = new Set(running.flatMap((run) => openRequests(run).map(({ requestId }) => requestKey(run.key, requestId))));
  const keys = new Set(running.map((run) => run.key));
  return { cancels: only(commands.cancels, keys), answers: only(commands.answers, open) };
}

function only<T>(map: ReadonlyMap<string, T>, keys: ReadonlySet<string>): ReadonlyMap<string, T> {
  const kept = [...map].filter(([key]) => keys.has(key));
  return kept.length === map.size ? map : new Map(kept);
}

function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  const changed = new Map(map);
  if (value === undefined) {
    changed.delete(key);
  } else {
    changed.set(key, value);
  }
  return changed;
}
