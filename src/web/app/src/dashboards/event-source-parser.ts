/** One event of a stream of server-sent events. */
export interface ServerEvent {
  readonly type: string;
  readonly data: string;
}

/** Reads the lines of an event stream (the HTML standard, section 9.2) as they come, in pieces of any size. */
export class EventSourceParser {
  #rest = '';
  #type = '';
  #data: string[] = [];

  /** The events that a piece completes. Comments and what nobody asked for are passed over. */
  push(text: string): ServerEvent[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.#data.length > 0) {
          events.push({ type: this.#type || 'message', data: this.#data.join('\n') });
        }
        this.#type = '';
        this.#data = [];
      } else {
        this.#take(line);
      }
    }
    return events;
  }

  #take(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') {
      this.#type = value;
    } else if (name === 'data') {
      this.#data.push(value);
    }
  }
}
