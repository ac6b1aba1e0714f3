import type { PipelineClient } from 'netra-pipeline-client';

export async function ask(client: PipelineClient, content: string): Promise<void> {
  // Fulfilled when the server has it; rejected with a RequestError when it does not, or when nobody can say.
  const { run_id } = await client.request({ type: 'chat_message', thread_id: 't1', content }, { signal: AbortSignal.timeout(5000) });
  if (run_id !== undefined) {
    await client.request({ type: 'cancel_run', thread_id: 't1', run_id });
  }
}
