/** Holds a state that is only ever replaced, and tells who wants to know. */
export class Store<TState> {
  #state: TState;
  readonly #listeners = new Set<() => void>();

  constructor(state: TState) {
    this.#state = state;
  }

  get state(): TState {
    return this.#state;
  }

  update(change: (state: TState) => TState): void {
    this.#state = change(this.#state);
    this.#listeners.forEach((listener) => listener());
  }

  /** Returns how to stop listening. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
