/** Where a client that has no history begins: with what happens from now on, or with everything that is kept. */
export type Start = 'now' | 'kept';

export interface Resume {
  readonly epoch: string;
  readonly seq: number;
  readonly from: number;
}

/** How far a client has come, in which history of whose. */
export interface Position extends Resume {
  readonly user: string;
}

/** Keeps a position where the next load of the page finds it. What it throws or rejects with is told as a fault, and hinders nothing. */
export interface PositionStorage {
  /** Has as long as a connection has to open (`connectTimeoutMs`); then the page connects as one without a past. */
  load(): Position | undefined | Promise<Position | undefined>;
  /** Called when something is acknowledged, when a connection ends, and when the page may be gone in a moment. */
  save(position: Position): unknown;
}
