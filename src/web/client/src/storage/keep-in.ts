import type { Position, PositionStorage } from '../connection/resume.js';
import { isObject } from '../protocol/json.js';
import { mismatch } from '../protocol/shape.js';

/** Part of the Web Storage of browsers (`sessionStorage`, `localStorage`), and of its asynchronous likes. */
export interface TextStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
}

/** Keeps a client's position in a storage of texts, under a name; two clients need two. What is no position there counts as none. */
export function keepIn(storage: TextStorage, key = 'netra.position'): PositionStorage {
  let last = '';
  return {
    load: async () => read(await storage.getItem(key)),
    save: (position) => {
      const text = JSON.stringify(position);
      if (text !== last) {
        last = text;
        return storage.setItem(key, text);
      }
      return undefined;
    },
  };
}

function read(text: string | null): Position | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
  const shape = { user: 'string', epoch: 'string', seq: 'sequence', from: 'sequence' } as const;
  return isObject(value) && mismatch(value, shape) === undefined ? (value as unknown as Position) : undefined;
}
