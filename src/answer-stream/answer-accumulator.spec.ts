import { describe, expect, it } from '@jest/globals';
import { AnswerAccumulator } from './answer-accumulator.js';

const text = (content: string) => ({ type: 'content', content }) as const;

describe('the room for an answer', () => {
  it('is counted in bytes of UTF-8, of text and reasoning together', () => {
    const answer = new AnswerAccumulator(10);
    for (const event of [text('éé'), { type: 'reasoning', content: 'ab' } as const]) answer.apply(answer.fit(event));
    expect(answer.isFull).toBe(false);

    expect(answer.fit(text('abcd'))).toEqual(text('abcd'));
    expect(answer.isFull).toBe(false);
    expect(answer.fit(text('abcde'))).toEqual(text('abcd'));
    expect(answer.isFull).toBe(true);
  });

  it('never cuts a character', () => {
    const answer = new AnswerAccumulator(7);

    expect(answer.fit(text('日本語'))).toEqual(text('日本'));
    expect(answer.fit(text('😀😀'))).toEqual(text('😀'));
  });

  it('is free again when the text is replaced or begun anew', () => {
    const answer = new AnswerAccumulator(4);
    answer.apply(text('abcd'));
    const replaced = { type: 'replace', content: 'xyz' } as const;
    expect(answer.fit(replaced)).toBe(replaced);
    expect(answer.fit(text('a'))).toEqual(text(''));
    answer.clear();

    expect([answer.isFull, answer.fit(text('a'))]).toEqual([false, text('a')]);
  });

  it('does not count what is no text', () => {
    const answer = new AnswerAccumulator(1);
    const event = { type: 'suggestions', questions: ['Why so long?'] } as const;

    expect(answer.fit({ ...event, questions: [...event.questions] })).toEqual(event);
    expect(answer.isFull).toBe(false);
  });
});
