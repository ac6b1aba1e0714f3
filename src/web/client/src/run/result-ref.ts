import type { JsonObject } from '../protocol/json.js';

const maxLength = 2048;

/** Where a tool's result is that is too large for an event. */
export interface ResultRef {
  /** Absolute, and safe to follow. */
  readonly url: string;
  readonly bytes?: number;
  readonly mediaType?: string;
}

/**
 * Reads `result_ref` (protocol 3.1). The server has checked it, and so does this page before it makes a link of it: `http`, `https`, or
 * a path on the server that this page is from.
 */
export function readResultRef(value: JsonObject, base: string): ResultRef | undefined {
  const { url: given, bytes, media_type: mediaType } = value;
  const url = typeof given === 'string' && given.length <= maxLength ? safeUrl(given, base) : undefined;
  return url === undefined
    ? undefined
    : {
        url,
        ...(Number.isSafeInteger(bytes) && (bytes as number) >= 0 && { bytes: bytes as number }),
        ...(typeof mediaType === 'string' && { mediaType }),
      };
}

function safeUrl(given: string, base: string): string | undefined {
  const isPath = given.startsWith('/');
  const url = URL.canParse(given, base) ? new URL(given, base) : undefined;
  if (url === undefined || !(isPath || /^https?:\/\//i.test(given))) {
    return undefined;
  }
  // Browsers read "/\host" and "/\t/host" as another host: a path must stay on this one.
  const allowed = isPath ? url.origin === new URL(base).origin : url.protocol === 'http:' || url.protocol === 'https:';
  return allowed ? url.href : undefined;
}

export function isImage({ mediaType }: ResultRef): boolean {
  return mediaType?.toLowerCase().startsWith('image/') === true;
}
