import { describe, expect, it } from 'vitest';
import type { Gap } from '../protocol/server-messages.js';
import { agentEvents } from '../testing/events.js';
import { limits } from './limits.js';
import { plainWords } from './failure-words.js';
import { addNotice, dismissNotice, noNotices, noticeOfError, noticeOfLoss, type NewNotice } from './notices.js';
import { lostResult, noticesOfPage, noticesOfRun } from './placement.js';
import { applyEvent, beginRun } from './run-reducer.js';

const notice = (members: Partial<NewNotice> = {}): NewNotice => ({ severity: 'error', code: 'x', message: 'Boom', ...members });
const gap = (members: Partial<Gap>): Gap => ({
  type: 'gap',
  from: 3,
  to: 9,
  cause: 'expired',
  replay: false,
  certain: true,
  ...members,
});

describe('notices', () => {
  it('counts what is said again in a row', () => {
    const notices = [notice(), notice(), notice({ message: 'Bang' })].reduce(addNotice, noNotices);

    expect(notices.list).toMatchObject([{ message: 'Boom', count: 2 }, { message: 'Bang', count: 1 }]);
  });

  it('keeps the newest, and counts what it leaves out', () => {
    const all = Array.from({ length: limits.notices + 3 }, (_, index) => notice({ message: `${index}` }));
    const notices = all.reduce(addNotice, noNotices);

    expect(notices.list).toHaveLength(limits.notices);
    expect(notices.list[0]?.message).toBe('3');
    expect(notices.omitted).toBe(3);
  });

  it('forgets what was dismissed', () => {
    const notices = [notice(), notice({ message: 'Bang' })].reduce(addNotice, noNotices);

    expect(dismissNotice(notices, 1).list).toMatchObject([{ message: 'Bang' }]);
  });

  it('says what is lost, and when nobody knows', () => {
    expect(noticeOfLoss(gap({})).message).toBe('Events 3 to 9 (7) will not come: they are no longer kept.');
    expect(noticeOfLoss(gap({ to: 3, certain: false })).message).toContain('may be missing');
  });

  it('says in plain words what the server says in its own, and keeps those', () => {
    const message = 'Event 58 stayed unconfirmed after 5 tries.';
    const code = 'critical_delivery_failed';
    const told = noticeOfError({ type: 'error', code, message, severity: 'critical', timestamp: 1, run_id: 'r1' });

    expect(told).toEqual({
      severity: 'critical',
      code,
      message: plainWords(code),
      detail: message,
      runId: 'r1',
    });
  });

  it('leaves alone what was written for the person: an alert, or the failure of an agent', () => {
    const message = 'Stop using the calculator.';
    for (const code of ['emergency', 'agent_failed', 'a_code_of_later']) {
      const told = noticeOfError({ type: 'error', code, message, severity: 'error', timestamp: 1 });
      expect(told).toEqual({ severity: 'error', code, message });
    }
  });

  it('counts what stands for many with what was said of the same before', () => {
    const error = { type: 'error', code: 'tool_failed', severity: 'error', timestamp: 1, run_id: 'r1' } as const;
    const told = [{ ...error, message: 'a' }, { ...error, message: 'z (and 40 more)', data: { count: 41 } }].map(noticeOfError);

    expect(told.reduce(addNotice, noNotices).list).toMatchObject([{ message: 'a', count: 42 }]);
  });

  it('does not merge what differs in the server\'s words', () => {
    const notices = [notice({ detail: 'Event 1' }), notice({ detail: 'Event 2' })].reduce(addNotice, noNotices);

    expect(notices.list).toHaveLength(2);
  });
});

describe('placement', () => {
  const run = beginRun(agentEvents.started(1));
  const place = (...added: NewNotice[]) => added.reduce(addNotice, noNotices).list;

  it('shows an error inside the run it belongs to', () => {
    const list = place(notice({ runId: 'r1' }), notice({ runId: 'r1', threadId: 't1' }));

    expect(noticesOfRun(list, run)).toHaveLength(2);
    expect(noticesOfPage(list, new Map([[run.key, run]]))).toEqual([]);
  });

  it('shows an error of the page when its run is not known', () => {
    const list = place(notice({ runId: 'r9' }), notice({ runId: 'r1', threadId: 't9' }), notice());

    expect(noticesOfPage(list, new Map([[run.key, run]]))).toHaveLength(3);
  });

  it('does not repeat what the tool shows already', () => {
    const error = { code: 'tool_failed', message: 'Division by zero' };
    const failed = applyEvent(run, agentEvents.toolCompleted(2, { error }));
    const told = noticeOfError({
      type: 'error',
      code: 'tool_failed',
      message: 'calculate failed: Division by zero',
      severity: 'error',
      timestamp: 1,
      run_id: 'r1',
    });

    expect(noticesOfRun(place(told), run)).toHaveLength(1);
    expect(noticesOfRun(place(told), failed)).toEqual([]);
  });

  it('says at a tool why its result does not come, and nowhere else', () => {
    const events = [agentEvents.toolExecuting(2, { call_id: 'c1' }), agentEvents.toolExecuting(3, { call_id: 'c2' })];
    const running = events.reduce(applyEvent, run);
    const told = noticeOfError({
      type: 'error',
      code: 'event_too_large',
      message: 'the line has more than 278528 bytes',
      severity: 'error',
      timestamp: 1,
      thread_id: 't1',
      run_id: 'r1',
      event_type: 'tool_completed',
      tool_name: 'calculate',
      call_id: 'c2',
    });
    const list = place(told);

    expect(running.steps.map((step) => lostResult(list, running, step)?.code)).toEqual([undefined, 'event_too_large']);
    expect(noticesOfRun(list, running)).toEqual([]);
    expect(noticesOfPage(list, new Map([[run.key, running]]))).toEqual([]);

    const completed = applyEvent(running, agentEvents.toolCompleted(4, { call_id: 'c2' }));
    expect(completed.steps.map((step) => lostResult(list, completed, step))).toEqual([undefined, undefined]);
    expect(noticesOfRun(list, completed)).toEqual([]);
  });

  it('says in the run what was too large, where no tool is known', () => {
    const told = noticeOfError({
      type: 'error', code: 'event_too_large', message: 'x', severity: 'error', timestamp: 1, run_id: 'r1', event_type: 'token',
    });

    expect(noticesOfRun(place(told), run)).toHaveLength(1);
  });

  it('does not repeat why a run could not go on', () => {
    const error = { code: 'server_restart', message: 'The server ended.' };
    const ended = { ...run, status: 'failed', failure: error } as const;
    const told = noticeOfError({ type: 'error', ...error, severity: 'error', timestamp: 1, run_id: 'r1' });

    expect(noticesOfRun(place(told), run)).toHaveLength(1);
    expect(noticesOfRun(place(told), ended)).toEqual([]);
  });
});
