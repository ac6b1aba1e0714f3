import { describe, expect, it } from 'vitest';
import { agentEvents } from '../testing/events.js';
import { accept, applyToConversation, ask, refuse } from './conversation.js';
import { emptyConversation } from './exchanges.js';
import { limits } from './limits.js';
import { markDelivered } from './outside-of-runs.js';
import { runKey } from './run.js';

const { started, token, completed, custom, userMessage, expired } = agentEvents;
const key = runKey('t1', 'r1');

describe('conversation', () => {
  it('shows a question at once, and its run below it', () => {
    const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
    expect(asked.exchanges).toMatchObject([{ id: 'm1', question: { content: '2+2?', state: 'sending' } }]);

    const accepted = accept(asked, { type: 'accepted', id: 'm1', run_id: 'r1' });
    const running = applyToConversation(accepted, started(1));
    expect(running.exchanges).toMatchObject([{ id: 'm1', question: { state: 'accepted' }, runKey: key }]);
  });

  it('joins a run that was faster than the answer', () => {
    const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
    const running = applyToConversation(asked, started(1));
    expect(running.exchanges).toHaveLength(2);

    const accepted = accept(running, { type: 'accepted', id: 'm1', run_id: 'r1' });
    expect(accepted.exchanges).toMatchObject([{ id: 'm1', runKey: key }]);
  });

  it('knows a run by the question it carries, even when the answer to the question was lost', () => {
    const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
    const failed = refuse(asked, 'm1', { code: 'connection_lost', message: 'gone' });
    const running = applyToConversation(failed, started(1, { metadata: { question: '2+2?' } }));

    expect(running.exchanges).toEqual([
      { id: 'm1', runKey: key, question: { threadId: 't1', content: '2+2?', state: 'accepted', runId: 'r1' } },
    ]);
  });

  it('knows a long question by its beginning, but not a short one', () => {
    const long = 'x'.repeat(600);
    const asked = ask(ask(emptyConversation, 'm1', 't1', 'What is 2+2?'), 'm2', 't1', long);
    const running = applyToConversation(asked, started(1, { metadata: { question: long.slice(0, 500) } }));
    expect(running.exchanges).toMatchObject([{ id: 'm1' }, { id: 'm2', runKey: key }]);

    const other = applyToConversation(running, started(2, { metadata: { question: 'What' } }, { run_id: 'r2' }));
    expect(other.exchanges).toHaveLength(3);
  });

  it('does not give the run of one question to another', () => {
    const asked = ask(ask(emptyConversation, 'm1', 't1', '2+2?'), 'm2', 't1', '3+3?');
    const accepted = accept(asked, { type: 'accepted', id: 'm2', run_id: 'r1' });
    const running = applyToConversation(accepted, started(1));

    expect(running.exchanges).toMatchObject([{ id: 'm1' }, { id: 'm2', runKey: key }]);
    expect(running.exchanges[0]).not.toHaveProperty('runKey');
  });

  it('shows a question that was asked elsewhere', () => {
    const running = applyToConversation(emptyConversation, started(1, { metadata: { question: '2+2?' } }));

    expect(running.exchanges).toMatchObject([{ question: { content: '2+2?', state: 'elsewhere' }, runKey: key }]);
  });

  it('shows a run of which it has missed the beginning', () => {
    expect(applyToConversation(emptyConversation, token(9, 'so')).runs.get(key)).toMatchObject({ answer: 'so', status: 'running' });
  });

  it('keeps runs of the same id in different threads apart', () => {
    const first = applyToConversation(emptyConversation, token(1, 'a'));
    const second = applyToConversation(first, token(2, 'b', { thread_id: 't2' }));

    expect([...second.runs.values()].map((run) => run.answer)).toEqual(['a', 'b']);
  });

  it('shows a run inside the run that started it', () => {
    const parent = applyToConversation(emptyConversation, started(1));
    const child = applyToConversation(parent, started(2, { agent_name: 'researcher', parent_run_id: 'r1' }, { run_id: 'r2' }));

    expect(child.exchanges).toHaveLength(1);
    expect(child.runs.get(key)?.steps).toEqual([{ kind: 'child', seq: 2, runKey: runKey('t1', 'r2') }]);
    expect(child.runs.get(runKey('t1', 'r2'))?.agentName).toBe('researcher');
  });

  it('shows why a question failed, and asks it again', () => {
    const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
    const failed = refuse(asked, 'm1', { code: 'unanswered', message: 'No answer.' });
    expect(failed.exchanges).toMatchObject([{ question: { state: 'failed', failure: { message: 'No answer.' } } }]);

    const again = ask(failed, 'm1', 't1', '2+2?');
    expect(again.exchanges).toEqual([{ id: 'm1', question: { threadId: 't1', content: '2+2?', state: 'sending' } }]);
  });

  it('does not call a question failed whose run is there', () => {
    const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
    const running = applyToConversation(asked, started(1, { metadata: { question: '2+2?' } }));

    expect(refuse(running, 'm1', { code: 'unanswered', message: 'No answer.' })).toEqual(running);
  });

  it('forgets the oldest exchanges with all their runs', () => {
    let conversation = applyToConversation(emptyConversation, started(1));
    conversation = applyToConversation(conversation, started(2, { parent_run_id: 'r1' }, { run_id: 'child' }));
    conversation = applyToConversation(conversation, custom(3, 'title', 'Greetings', { run_id: '' }));
    for (let i = 0; i < limits.exchanges; i++) {
      conversation = applyToConversation(conversation, completed(10 + i, {}, { run_id: `later-${i}` }));
    }

    expect(conversation.exchanges).toHaveLength(limits.exchanges);
    expect(conversation.runs.size).toBe(limits.exchanges);
    expect(conversation.omittedExchanges).toBe(1);
    expect(conversation.title).toBe('Greetings');
  });

  describe('the words of the user', () => {
    const fromElsewhere = applyToConversation(emptyConversation, userMessage(1, '2+2?'));

    it('are one bubble with those that this page has sent, whichever comes first', () => {
      const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
      const early = accept(applyToConversation(asked, userMessage(1, '2+2?')), { type: 'accepted', id: 'm1', run_id: 'r1' });
      const late = applyToConversation(accept(asked, { type: 'accepted', id: 'm1', run_id: 'r1' }), userMessage(1, '2+2?'));

      for (const conversation of [early, late]) {
        const running = applyToConversation(conversation, started(2, { metadata: { question: '2+2?' } }));
        expect(running.exchanges).toMatchObject([
          { id: 'm1', runKey: key, question: { state: 'accepted', stored: true, content: '2+2?' } },
        ]);
      }
    });

    it('are above their answer on another device, and answered or not in a replay', () => {
      const running = applyToConversation(fromElsewhere, started(2, { metadata: { question: '2+2?' } }));
      expect(running.exchanges).toMatchObject([{ id: 'm1', runKey: key, question: { content: '2+2?', state: 'elsewhere' } }]);

      const more = applyToConversation(running, userMessage(9, '3+3?', 'm2'));
      expect(more.exchanges).toMatchObject([{ id: 'm1' }, { id: 'm2', question: { content: '3+3?', state: 'elsewhere' } }]);
    });

    it('have the next run of their thread, where nothing says whose it is', () => {
      const other = applyToConversation(fromElsewhere, started(2, {}, { thread_id: 't2' }));
      expect(other.exchanges).toHaveLength(2);
      const answered = applyToConversation(other, token(3, 'Four'));
      expect(answered.exchanges[0]).toMatchObject({ id: 'm1', runKey: key });

      const another = applyToConversation(answered, started(4, {}, { run_id: 'r2' }));
      expect(another.exchanges).toHaveLength(3);
    });

    it('give up a run that turns out to answer something else', () => {
      const asked = ask(fromElsewhere, 'm2', 't1', '3+3?');
      const wrong = applyToConversation(applyToConversation(fromElsewhere, started(2)), userMessage(3, 'x', 'm3'));
      expect(wrong.exchanges[0]).toMatchObject({ runKey: key });

      const right = accept(ask(wrong, 'm2', 't1', '3+3?'), { type: 'accepted', id: 'm2', run_id: 'r1' });
      expect(right.exchanges).toMatchObject([{ id: 'm1', question: { content: '2+2?' } }, { id: 'm3' }, { id: 'm2', runKey: key }]);
      expect(right.exchanges[0]).not.toHaveProperty('runKey');
      expect(asked.exchanges).toHaveLength(2);
    });

    it('are not lost with the connection, but refused by who refuses them', () => {
      const lost = { code: 'connection_lost', message: 'gone' };
      const asked = ask(emptyConversation, 'm1', 't1', '2+2?');
      const words = userMessage(1, '2+2?');
      for (const known of [applyToConversation(refuse(asked, 'm1', lost), words), refuse(applyToConversation(asked, words), 'm1', lost)]) {
        expect(known.exchanges).toMatchObject([{ question: { stored: true } }]);
        expect(known.exchanges[0]?.question).not.toHaveProperty('failure');
      }

      const refused = { code: 'message_rejected', message: 'No.' };
      for (const known of [
        applyToConversation(refuse(asked, 'm1', refused), words),
        refuse(applyToConversation(asked, words), 'm1', refused),
      ]) {
        expect(known.exchanges).toMatchObject([{ question: { state: 'failed', failure: refused } }]);
      }
    });

    it('are marked when no backend has taken them', () => {
      const told = applyToConversation(fromElsewhere, expired(2, 'chat_message', { id: 'm1' }, { run_id: '' }));

      expect(told.exchanges).toMatchObject([{ question: { state: 'undelivered', failure: { message: 'Nobody has taken it.' } } }]);

      // Sent once more, on whatever device.
      const taken = markDelivered(told, 'm1');
      expect(taken.exchanges).toMatchObject([{ question: { state: 'accepted' } }]);
      expect(taken.exchanges[0]?.question?.failure).toBeUndefined();
      const answered = applyToConversation(told, started(3, { metadata: {} }));
      expect(answered.exchanges).toMatchObject([{ question: { state: 'accepted' }, runKey: '["t1","r1"]' }]);
    });
  });

  it('shows what is said outside of runs, and makes no run of it', () => {
    const outside = { run_id: '' };
    let conversation = applyToConversation(emptyConversation, completed(1));
    conversation = applyToConversation(conversation, custom(2, 'title', 'Sums', outside));
    conversation = applyToConversation(conversation, custom(3, 'usage', { run_id: 'r1', input_tokens: 7 }, outside));
    conversation = applyToConversation(conversation, custom(4, 'reminder', 'Water the plants', outside));

    expect(conversation.title).toBe('Sums');
    expect([...conversation.runs.values()]).toMatchObject([{ runId: 'r1', usage: { inputTokens: 7 } }]);
    expect(conversation.exchanges).toMatchObject([{ runKey: key, facts: [{ name: 'reminder', value: 'Water the plants' }] }]);
    expect(applyToConversation(emptyConversation, custom(4, 'reminder', 1, outside)).exchanges).toMatchObject([{ facts: [{ value: 1 }] }]);
  });

  it('keeps what an earlier attempt has started out of sight, until it ends', () => {
    const second = { attempt: 2 };
    let conversation = applyToConversation(emptyConversation, started(1));
    for (const id of ['goes-on', 'over']) {
      conversation = applyToConversation(conversation, started(2, { parent_run_id: 'r1' }, { run_id: id }));
    }
    conversation = applyToConversation(conversation, completed(4, {}, { run_id: 'over' }));
    conversation = applyToConversation(conversation, started(5, {}, second));
    conversation = applyToConversation(conversation, token(6, 'x', { run_id: 'goes-on' }));

    expect(conversation.exchanges).toHaveLength(1);
    expect([...conversation.runs.keys()]).toEqual([key, runKey('t1', 'goes-on')]);
    expect(conversation.runs.get(key)).toMatchObject({ steps: [], formerChildren: [runKey('t1', 'goes-on')] });
  });
});
