import { describe, expect, it } from '@jest/globals';
import { textEvent } from './text-event.js';

const IDS = { conversation_id: 'c1', message_id: 'm1', created_at: 1764000000, task_id: 't1', id: 'm1' };
/** As Python's own `json` writes it. */
const spaced = (value: unknown): string =>
  JSON.stringify(value, null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/ ?([{}]) ?/g, '$1');

describe('textEvent', () => {
  it.each(['plain', '', 'a "quoted" \\ word', 'two\nlines\t', 'é漢😀', '"answer":"x"', '{', '}'])(
    'reads %j',
    (answer) => {
      const message = { event: 'message', ...IDS, answer, from_variable_selector: ['llm', 'text'] };
      const chunk = { event: 'text_chunk', workflow_run_id: 'r1', task_id: 't1', data: { text: answer } };
      expect(textEvent(JSON.stringify(message))).toEqual({ name: 'message', text: answer });
      expect(textEvent(JSON.stringify(chunk))).toEqual({ name: 'text_chunk', text: answer });
      expect(textEvent(spaced({ ...message, event: 'agent_message' }))).toEqual({
        name: 'agent_message',
        text: answer,
      });
    },
  );

  it('reads escaped text of older servers', () => {
    const event = String.raw`{"event": "message", "task_id": "t1", "answer": "\u00e9\ud83d\ude00"}`;
    expect(textEvent(event)?.text).toBe('é😀');
  });

  it.each([
    ['another event', { event: 'message_end', ...IDS, answer: 'x' }],
    ['fields of fields', { event: 'message', metadata: { answer: 'no' }, answer: 'x' }],
    ['another order', { answer: 'x', event: 'message' }],
    ['no text', { event: 'message', ...IDS, answer: null }],
    ['much text', { event: 'message', ...IDS, answer: 'x'.repeat(5_000) }],
  ])('leaves %s to others', (_what, event) => {
    expect(textEvent(JSON.stringify(event))).toBeNull();
  });

  it('leaves escapes that are none to others', () => {
    expect(textEvent(String.raw`{"event":"message","task_id":"t1","answer":"a\q"}`)).toBeNull();
  });

  it('leaves what is cut off to others', () => {
    const whole = JSON.stringify({ event: 'message', ...IDS, answer: 'some text', mode: 'chat' });
    for (let length = 0; length < whole.length; length += 1) expect(textEvent(whole.slice(0, length))).toBeNull();
  });
});
