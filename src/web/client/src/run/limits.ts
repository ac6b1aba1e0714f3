/** What the page keeps at most. At the limit the oldest goes, and the page says how much is gone. */
export const limits = {
  exchanges: 200,
  stepsPerRun: 500,
  /** Tools that run and requests that are open do not make room for others; above this, no more of them are shown. */
  openStepsPerRun: 1000,
  childrenPerRun: 50,
  answerCharacters: 200_000,
  thoughtCharacters: 50_000,
  /** What happens outside of runs, below one exchange. */
  factsPerExchange: 20,
  notices: 200,
} as const;
