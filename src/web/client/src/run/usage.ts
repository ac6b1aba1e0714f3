import type { JsonObject } from '../protocol/json.js';

/** What a run has cost. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly model?: string;
}

/** Reads `usage` (protocol 3.1); `undefined` when there is nothing in it that is shown. */
export function readUsage(value: JsonObject): Usage | undefined {
  const { input_tokens: input, output_tokens: output, response_model: answered, request_model: asked } = value;
  const model = typeof answered === 'string' ? answered : asked;
  const usage = {
    ...(isCount(input) && { inputTokens: input }),
    ...(isCount(output) && { outputTokens: output }),
    ...(typeof model === 'string' && { model }),
  };
  return Object.keys(usage).length === 0 ? undefined : usage;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
