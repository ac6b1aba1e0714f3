import { afterEach, describe, expect, it, vi } from 'vitest';
import { agentEvents } from 'netra-pipeline-client/testing';
import { readHistory } from './history';

const list = 'http://127.0.0.1/v1/threads?user_id=ada';

function answer(page: object) {
  const asked = vi.fn<typeof fetch>(() => Promise.resolve(new Response(JSON.stringify(page))));
  vi.stubGlobal('fetch', asked);
  return asked;
}

describe('the history of a thread', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is asked for by page, and read', async () => {
    const asked = answer({ thread_id: 'a/b', events: [agentEvents.started(5)], next: 5 });

    const page = await readHistory(list, 'a/b', 4, new AbortController().signal);

    expect(page).toMatchObject({ events: [{ type: 'agent_started', seq: 5 }], next: 5 });
    const url = asked.mock.calls[0]![0] as URL;
    expect(url.href).toBe('http://127.0.0.1/v1/threads/a%2Fb/events?user_id=ada&after=4&limit=1000');
  });

  it('goes on where the server says after a page without events', async () => {
    answer({ thread_id: 'a', events: [], next: 16_384 });

    expect(await readHistory(list, 'a', 0, new AbortController().signal)).toEqual({ events: [], next: 16_384 });
  });

  it('ends with a page that has no next', async () => {
    answer({ thread_id: 'a', events: [agentEvents.started(5)] });

    expect(await readHistory(list, 'a', 0, new AbortController().signal)).not.toHaveProperty('next');
  });

  it('is no history when it does not go on', async () => {
    answer({ thread_id: 'a', events: [], next: 7 });

    await expect(readHistory(list, 'a', 7, new AbortController().signal)).rejects.toThrow('does not go on');
  });
});
