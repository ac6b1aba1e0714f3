import type { Failure, Json, RequestKind } from 'netra-pipeline-client';
import { shorten } from './format';

const maxLength = 300;

/** What was answered, as one reads it. */
export function answerWords(asks: RequestKind, value: Json): string {
  if (asks === 'approval' && typeof value === 'boolean') {
    return value ? 'Approved' : 'Declined';
  }
  return typeof value === 'string' ? `“${shorten(value, maxLength)}”` : shorten(JSON.stringify(value), maxLength);
}

const words: Readonly<Record<string, string>> = {
  already_answered: 'This has an answer already.',
  request_closed: 'Nobody waits for an answer to this any more.',
  request_unknown: 'The server does not know this request any more.',
  invalid_answer: 'This cannot be an answer here.',
  unknown_message: 'This server cannot take answers.',
};

/** Why an answer was not taken. */
export function refusalWords({ code, message }: Failure): string {
  return Object.hasOwn(words, code) ? words[code]! : `The answer was not taken. ${message}`;
}

const final: ReadonlySet<string> = new Set(['already_answered', 'request_closed', 'request_unknown', 'unknown_message']);

/** Whether another answer would be refused in the same way. */
export function isFinalRefusal({ code }: Failure): boolean {
  return final.has(code);
}
