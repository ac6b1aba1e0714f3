import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../doubles/create-client.js';
import { FakeSocket } from '../doubles/fake-socket.js';
import type { RecordingHandler } from '../doubles/recording-handler.js';
import { maxCountedRuns } from './completeness.js';
import type { PipelineClient } from './pipeline-client.js';

/** Completeness as the server meets it: through a connection that has processed everything up to 10. */
describe('Completeness', () => {
  let client: PipelineClient;
  let handler: RecordingHandler;

  beforeEach(() => {
    vi.useFakeTimers();
    ({ client, handler } = createClient());
    FakeSocket.last.welcome({ seq: 10, from: 10, resumed: false });
  });
  afterEach(() => {
    client.disconnect();
    vi.useRealTimers();
  });

  const run = { threadId: 't1', runId: 'r1' };
  const replays = () => FakeSocket.last.said('replay');
  const failOn = (...seqs: number[]) => {
    handler.beforeEvent = (event) => {
      if (seqs.includes(event.seq)) {
        throw new Error('no room');
      }
    };
  };

  it('is content with a run of which it has seen everything', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(12, { run_id: 'r2' });
    FakeSocket.last.event(13, { type: 'agent_dreaming' });
    FakeSocket.last.completed(14, 11, 3);

    expect(replays()).toEqual([]);
    expect(handler.incomplete).toEqual([]);
  });

  it('asks for the whole run when one of its events is missing, and tells of it until it is there', () => {
    failOn(12);
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    FakeSocket.last.completed(13, 11);
    expect(replays()).toEqual([{ type: 'replay', from: 11, to: 13 }]);
    expect(handler.incomplete).toEqual([{ ...run, missing: 1, asking: true }]);

    failOn();
    FakeSocket.last.event(11, { redelivery: 1 });
    FakeSocket.last.event(12, { redelivery: 1 });
    FakeSocket.last.completed(13, 11, 3, { redelivery: 1 });
    expect(handler.incomplete.at(-1)).toEqual({ ...run, missing: 0, asking: false });
    expect(handler.seqs).toEqual([11, 13, 12]);
    expect(replays()).toHaveLength(1);
  });

  it('asks once, and says when the answer did not help', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11, 4);
    vi.advanceTimersByTime(5000);
    FakeSocket.last.event(11, { redelivery: 1 });
    FakeSocket.last.completed(12, 11, 4, { redelivery: 1 });

    expect(replays()).toHaveLength(1);
    expect(handler.incomplete).toEqual([
      { ...run, missing: 2, asking: true },
      { ...run, missing: 2, asking: false },
    ]);
  });

  it('stops asking when the missing events are no longer kept', () => {
    failOn(11);
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11);
    FakeSocket.last.receive({ type: 'gap', from: 11, to: 11, cause: 'expired', replay: false, certain: true });

    expect(handler.incomplete.at(-1)).toEqual({ ...run, missing: 1, asking: false });
    expect(handler.lost).toHaveLength(1);
  });

  it('goes on asking when other events are no longer kept', () => {
    failOn(11);
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11);
    FakeSocket.last.receive({ type: 'gap', from: 13, to: 20, cause: 'expired', replay: false, certain: true });

    expect(handler.incomplete).toEqual([{ ...run, missing: 1, asking: true }]);
  });

  it('completes a run on the next connection', () => {
    failOn(11);
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11);
    FakeSocket.last.end(1006);
    expect(handler.incomplete.at(-1)).toMatchObject({ missing: 1, asking: false });

    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ seq: 12, from: 10 });
    failOn();
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11);
    expect(handler.incomplete.at(-1)).toMatchObject({ missing: 0 });
    expect(replays()).toEqual([]);
  });

  it('does not judge a run that began before its cursor', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 10, 5);

    expect(handler.incomplete).toEqual([]);
  });

  it('does not judge a run with a hole that a gap has explained', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.receive({ type: 'gap', from: 12, to: 13, cause: 'expired', replay: false, certain: true });
    FakeSocket.last.completed(14, 11, 4);
    expect(handler.incomplete).toEqual([]);

    FakeSocket.last.completed(15, 15, 2, { run_id: 'r2' });
    expect(handler.incomplete).toHaveLength(1);
  });

  it('judges a run whose events came by a gap with replay', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.receive({ type: 'gap', from: 12, to: 13, cause: 'overflow', replay: true, certain: true });
    FakeSocket.last.event(12);
    FakeSocket.last.completed(13, 11, 4);

    expect(handler.incomplete).toHaveLength(1);
  });

  it('does not count what an operator has sent again, nor take it for the end', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.completed(12, 11, 9, { replay_of: 'x-3' });
    expect(handler.incomplete).toEqual([]);

    FakeSocket.last.completed(13, 11, 2);
    expect(handler.seqs).toEqual([11, 12, 13]);
    expect(handler.incomplete).toEqual([]);
  });

  it('counts anew in another history', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.end(1006);
    vi.advanceTimersByTime(500);
    FakeSocket.last.welcome({ epoch: 'E2', seq: 2, from: 0, resumed: false });
    FakeSocket.last.event(1);
    FakeSocket.last.completed(2, 1, 3);

    expect(handler.incomplete).toMatchObject([{ missing: 1 }]);
  });

  it('does not count more runs than a bound, and does not judge what it has not counted', () => {
    for (let i = 0; i <= maxCountedRuns; i++) {
      FakeSocket.last.event(11 + i, { run_id: `r${i}` });
    }
    const next = 12 + maxCountedRuns;
    FakeSocket.last.completed(next, 11, 2, { run_id: 'r0' });
    expect(handler.incomplete).toEqual([]);

    FakeSocket.last.completed(next + 1, 10 + maxCountedRuns, 3, { run_id: `r${maxCountedRuns - 1}` });
    expect(handler.incomplete).toMatchObject([{ missing: 1 }]);
  });

  it('counts all that a joined frame stands for', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.joined(12, 20);
    FakeSocket.last.completed(21, 11, 11);

    expect(replays()).toEqual([]);
    expect(handler.incomplete).toEqual([]);
  });

  it('counts only the last attempt', () => {
    failOn(12);
    FakeSocket.last.event(11);
    FakeSocket.last.event(12);
    FakeSocket.last.event(13, { attempt: 2 });
    FakeSocket.last.event(14);
    FakeSocket.last.completed(15, 13, 2, { attempt: 2 });
    expect(handler.incomplete).toEqual([]);

    failOn(17);
    FakeSocket.last.event(16, { run_id: 'r2' });
    FakeSocket.last.event(17, { run_id: 'r2', attempt: 2 });
    FakeSocket.last.completed(18, 17, 2, { run_id: 'r2', attempt: 2 });
    expect(handler.incomplete).toMatchObject([{ runId: 'r2', missing: 1 }]);
  });

  it('counts what belongs to no run in none', () => {
    FakeSocket.last.event(11);
    FakeSocket.last.event(12, { type: 'user_message', run_id: '', data: { content: 'Hi', message_id: 'm1' } });
    FakeSocket.last.completed(13, 11, 2);

    expect(handler.incomplete).toEqual([]);
  });
});
