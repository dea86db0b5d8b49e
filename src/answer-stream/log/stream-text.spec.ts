import { describe, expect, it } from '@jest/globals';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import { frame } from './frames.js';
import { EMPTY_TEXT, eventsOf, foldFrames, hasStarted, resyncOf } from './stream-text.js';

const framesOf = (events: ChatEvent[]) => events.map((event, index) => frame(1, index + 1, event)).join('');
const fold = (events: ChatEvent[]) => foldFrames(EMPTY_TEXT, { text: framesOf(events), last: events.length });

describe('eventsOf', () => {
  it('reads back what frame has written', () => {
    const events: ChatEvent[] = [
      { type: 'content', content: 'line\n\ndata: {"type":"content"}\n' },
      { type: 'reasoning', content: '\u2028 🐚' },
    ];
    expect(eventsOf(framesOf(events))).toEqual(events);
  });
});

describe('foldFrames', () => {
  it('appends text and keeps reasoning apart', () => {
    const text = fold([
      { type: 'content', content: 'a' },
      { type: 'reasoning', content: 'r' },
      { type: 'content', content: 'b' },
    ]);
    expect(text).toMatchObject({ seq: 3, content: 'ab', reasoning: 'r' });
  });

  it('drops everything at a reset', () => {
    expect(
      fold([
        { type: 'content', content: 'old' },
        { type: 'reset', attempt: 2, reason: 'worker_lost' },
        { type: 'content', content: 'new' },
      ]),
    ).toMatchObject({ content: 'new', reasoning: '' });
  });

  it('replaces the answer, or all of the text', () => {
    const before: ChatEvent[] = [
      { type: 'content', content: 'a' },
      { type: 'reasoning', content: 'r' },
    ];
    expect(fold([...before, { type: 'replace', content: 'x' }])).toMatchObject({ content: 'x', reasoning: 'r' });
    expect(fold([...before, { type: 'resync', content: 'y', reasoning: 'q' }])).toMatchObject({
      content: 'y',
      reasoning: 'q',
    });
  });

  it('begins a new answer at each start, and knows whose it is', () => {
    const start = (id: number): ChatEvent => {
      return { type: 'start', task_id: 1, subtask_id: id, attempt: 1, shell_type: 'Chat', model: 'm' };
    };
    const first: ChatEvent[] = [start(1), { type: 'reasoning', content: 'r' }, { type: 'content', content: 'one' }];
    const usage: ChatEvent = { type: 'usage', input_tokens: 1, output_tokens: 1, total_tokens: 2 };

    expect(fold([...first, usage])).toMatchObject({ content: 'one', reasoning: 'r', subtaskId: 1 });
    expect(fold([...first, start(2)])).toMatchObject({ seq: 4, content: '', reasoning: '', subtaskId: 2 });
    expect(fold([...first, start(2), { type: 'content', content: 'two' }, usage])).toMatchObject({
      content: 'two',
      subtaskId: 2,
    });
    const reset = fold([...first, start(2), { type: 'reset', attempt: 2, reason: 'worker_lost' }]);
    expect([reset.content, reset.subtaskId]).toEqual(['', undefined]);
  });

  it('knows that the text is of a later attempt, and says so in a resync', () => {
    const later: ChatEvent[] = [{ type: 'reset', attempt: 2, reason: 'worker_lost' }];
    const start: ChatEvent = { type: 'start', task_id: 1, subtask_id: 1, attempt: 2, shell_type: 'Chat', model: 'm' };
    for (const events of [later, [...later, start], [start]]) {
      const resync = resyncOf(1, fold(events));
      expect(resync).toEqual({ type: 'resync', content: '', reasoning: '', attempt: 2 });
      expect(fold([resync]).attempt).toBe(2);
    }
    expect(resyncOf(1, fold([{ ...start, attempt: 1 }]))).not.toHaveProperty('attempt');
  });

  it('takes a resync for the text of the step that it names, or of the first one', () => {
    for (const subtaskId of [undefined, 1, 2]) {
      const event = resyncOf(1, { content: 'c', reasoning: 'r', subtaskId });
      const text = fold([event]);
      expect(event.subtask_id).toBe(subtaskId === 2 ? 2 : undefined);
      expect(resyncOf(1, text)).toEqual(event);
    }
  });

  it('remembers the last event and where it was', () => {
    expect(fold([{ type: 'cancelled', cancelled: true, proof: { while: 'queued' } }])).toMatchObject({
      seq: 1,
      last: { type: 'cancelled' },
    });
  });

  it('knows whether anything was begun', () => {
    const queued: ChatEvent = { type: 'queued', position: 1 };
    const start: ChatEvent = { type: 'start', task_id: 1, subtask_id: 1, attempt: 1, shell_type: 'Dify', model: 'm' };
    const reset: ChatEvent = { type: 'reset', attempt: 2, reason: 'worker_lost' };
    const resync: ChatEvent = { type: 'resync', content: '', reasoning: '' };
    const begun = [[], [queued], [queued, start], [start, reset], [start, reset, start], [resync]]
      .map(fold)
      .map(hasStarted);
    expect(begun).toEqual([false, false, true, false, true, true]);
  });
});
