/** What the page keeps at most. At the limit the oldest goes, and the page says how much is gone. */
export const limits = {
  exchanges: 200,
  stepsPerRun: 500,
  childrenPerRun: 50,
  answerCharacters: 200_000,
  notices: 200,
} as const;
