import { beforeEach, describe, expect, it } from 'vitest';
import type { Welcome } from 'netra-pipeline-client';
import { ask, requestKey } from 'netra-pipeline-client/runs';
import { agentEvents } from 'netra-pipeline-client/testing';
import { ChatHandler } from './chat-handler';
import { setAnswer } from './commands';
import { initialChatState, type ChatState } from './chat-state';
import { Store } from './store';
import { conversationOf, converse } from './threads';

describe('ChatHandler', () => {
  let store: Store<ChatState>;
  let handler: ChatHandler;

  beforeEach(() => {
    store = new Store(initialChatState('fresh'));
    handler = new ChatHandler(store);
  });

  const lost = { type: 'gap', cause: 'expired', replay: false, certain: true } as const;

  it('shows events, and how far they go', () => {
    handler.onEvent(agentEvents.started(7));

    expect(store.state.lastSeq).toBe(7);
    expect(conversationOf(store.state.threads, 't1').runs.size).toBe(1);
  });

  it('says when somebody has to sign in, and only then', () => {
    const codes: number[] = [];
    const endings: boolean[] = [];
    handler = new ChatHandler(store, {
      identity: {
        takeTicket: () => Promise.resolve(''),
        ending: (ending) => endings.push(ending),
        ended: (code) => codes.push(code),
      },
    });
    handler.onCredentialEnding(true);
    for (const code of [1000, 1009, 3007, 4403, 4409]) {
      handler.onState({ name: 'failed', code, reason: '' });
    }

    expect(codes).toEqual([3007, 4403, 4409]);
    expect(endings).toEqual([true]);
  });

  it('says when what is kept does not begin at the beginning', () => {
    handler.onState({ name: 'connected', welcome: { resumed: false, from: 0 } as Welcome, transport: 'websocket' });
    expect(store.state.beginningExpired).toBe(false);

    handler.onState({ name: 'connected', welcome: { resumed: false, from: 12 } as Welcome, transport: 'websocket' });
    expect(store.state.beginningExpired).toBe(true);
  });

  it('is calm about a history that begins later, but not about a hole in it', () => {
    handler.onGap({ ...lost, from: 1, to: 9 });
    expect(store.state).toMatchObject({ beginningExpired: true, notices: { list: [] } });

    handler.onGap({ ...lost, from: 12, to: 19 });
    expect(store.state.notices.list).toMatchObject([{ severity: 'warning', code: 'expired' }]);
  });

  it('marks in the conversation where the server has restarted unexpectedly, and claims no number', () => {
    handler.onEvent(agentEvents.started(7));
    handler.onGap({ ...lost, from: 8, to: 1_048_584, cause: 'server_restart', certain: false });
    handler.onGap({ ...lost, from: 1_048_585, to: 2_097_160, cause: 'server_restart', certain: false });
    handler.onEvent(agentEvents.started(2_097_161, {}, { run_id: 'r2' }));

    expect(store.state.notices.list).toEqual([]);
    const { exchanges } = conversationOf(store.state.threads, 't1');
    expect(exchanges).toMatchObject([{ runKey: '["t1","r1"]' }, { interrupted: true }, { runKey: '["t1","r2"]' }]);
  });

  it('shows in a run that events of it are missing, until they are there', () => {
    const run = { threadId: 't1', runId: 'r1' };
    const shown = () => conversationOf(store.state.threads, 't1').runs.get('["t1","r1"]');
    handler.onEvent(agentEvents.completed(7));
    handler.onIncomplete({ ...run, missing: 2, asking: true });
    expect(shown()).toMatchObject({ missing: { count: 2, asking: true } });

    handler.onIncomplete({ ...run, missing: 0, asking: false });
    expect(shown()).not.toHaveProperty('missing');
    handler.onIncomplete({ ...run, runId: 'forgotten', missing: 1, asking: true });
    expect(conversationOf(store.state.threads, 't1').runs.size).toBe(1);
  });

  it('begins again with another history, but keeps what was not taken yet', () => {
    handler.onEvent(agentEvents.started(7));
    store.update((state) => ({ ...state, threads: converse(state.threads, 't1', (shown) => ask(shown, 'm1', 't1', 'Hello')) }));
    handler.onReset();

    expect(conversationOf(store.state.threads, 't1').runs.size).toBe(0);
    expect(conversationOf(store.state.threads, 't1').exchanges).toMatchObject([{ id: 'm1' }]);
    expect(store.state.notices.list).toMatchObject([{ code: 'history_replaced' }]);
  });

  describe('what was asked of a run', () => {
    const runName = '["t1","r1"]';
    const taken = { type: 'command_taken', id: 'c1', command: 'cancel_run', command_id: 'k1', thread_id: 't1', run_id: 'r1' } as const;

    beforeEach(() => handler.onEvent(agentEvents.started(1)));

    it('is stopping when a backend has taken it, whichever device has asked, and can be asked again when nobody has', () => {
      handler.onCommandTaken(taken);
      expect(store.state.commands.cancels.get(runName)).toBe('taken');
      handler.onCommandTaken({ ...taken, run_id: 'unknown' });
      expect(store.state.commands.cancels.size).toBe(1);

      handler.onEvent(agentEvents.expired(2, 'cancel_run'));
      expect(store.state.commands.cancels.size).toBe(0);
    });

    it('can be asked again when the run has begun again', () => {
      handler.onCommandTaken(taken);

      handler.onEvent(agentEvents.started(2, {}, { attempt: 2 }));

      expect(store.state.commands.cancels.size).toBe(0);
    });

    it('is settled by the end of the run, and an answer by what the run says of it', () => {
      handler.onEvent(agentEvents.waiting(2));
      const key = requestKey(runName, 'q1');
      store.update((state) => ({ ...state, commands: setAnswer(state.commands, key, { name: 'sent', value: true }) }));
      handler.onCommandTaken(taken);
      handler.onEvent(agentEvents.thinking(3, 'Hm'));
      expect(store.state.commands.answers.size).toBe(1);

      handler.onEvent(agentEvents.resumed(4, true));
      expect(store.state.commands.answers.size).toBe(0);
      expect(store.state.commands.cancels.size).toBe(1);
      handler.onEvent(agentEvents.cancelled(5));
      expect(store.state.commands.cancels.size).toBe(0);
    });
  });
});
