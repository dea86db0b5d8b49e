import { describe, expect, it } from '@jest/globals';
import { answerOf, difference, type WholeAnswer } from './stored-answer.js';

const STREAM = 7;
const answer = (content: string, more: Partial<WholeAnswer> = {}): WholeAnswer => ({ content, reasoning: '', ...more });
const between = (shown: WholeAnswer, stored: WholeAnswer) => difference(STREAM, STREAM, shown, stored);
const reported = (result: object, status = 'COMPLETED') =>
  answerOf({ status, lane: 'online', result: { value: '', ...result } });

describe('the difference of two answers', () => {
  it('is nothing when they are equal', () => {
    const extras = { steps: [{ step_id: 'a', kind: 'tool', title: 'A', status: 'running' } as const] };
    expect(between(answer('x', { extras }), answer('x', { extras }))).toEqual([]);
  });

  it('is what was added to text and reasoning', () => {
    expect(between(answer('one'), answer('one two', { reasoning: 'hm' }))).toEqual([
      { type: 'reasoning', content: 'hm' },
      { type: 'content', content: ' two' },
    ]);
  });

  it('replaces another text, and one that has become shorter', () => {
    expect(between(answer('one two'), answer('two'))).toEqual([{ type: 'replace', content: 'two' }]);
    expect(between(answer('one two'), answer(''))).toEqual([{ type: 'replace', content: '' }]);
  });

  it('is everything when the reasoning has changed', () => {
    expect(between(answer('one', { reasoning: 'a' }), answer('two', { reasoning: 'b' }))).toEqual([
      { type: 'resync', content: 'two', reasoning: 'b' },
    ]);
  });

  it('has the parts that are new or have changed', () => {
    const step = { step_id: 'a', kind: 'tool', title: 'A', status: 'running' } as const;
    const file = { id: 'f', kind: 'image', url: 'http://f' };
    const shown = answer('', { extras: { steps: [step], files: [file] } });
    const stored = answer('', {
      extras: { steps: [{ ...step, status: 'failed' }], files: [file], suggestions: ['?'] },
    });
    expect(between(shown, stored)).toEqual([
      { type: 'step', ...step, status: 'failed' },
      { type: 'suggestions', questions: ['?'] },
    ]);
  });
});

describe('what an executor has reported', () => {
  it('is shown as far as it can be read', () => {
    const steps = [
      { step_id: 'a', kind: 'tool', title: 'A', status: 'running', detail: { input: 'x'.repeat(5_000) } },
      'no step',
    ];
    const { content, reasoning, extras } = reported({
      value: 'v',
      reasoning: 5,
      steps,
      files: { id: 1 },
      sources: 'none',
    });
    expect([content, reasoning, Object.keys(extras ?? {})]).toEqual(['v', '', ['steps']]);
    expect(extras?.steps?.[0]?.detail?.['input']).toMatch(/^x{1500}… \(3500 more characters\)$/);
  });

  it('shows the thoughts of other executors as steps, the last one running until the end', () => {
    const thinking = [{ title: 'Plans', next_action: 'continue', details: { n: 1 } }, { title: 'Writes' }];
    const statuses = (status: string) =>
      reported({ thinking }, status).extras?.steps?.map((step) => [step.title, step.status]);
    expect(statuses('RUNNING')).toEqual([
      ['Plans', 'succeeded'],
      ['Writes', 'running'],
    ]);
    expect(statuses('COMPLETED')?.at(-1)).toEqual(['Writes', 'succeeded']);
  });

  it('is unchanged for answers of direct chats', () => {
    const result = { value: 'v', thinking: [{ title: 'x' }], steps: [] };
    expect(answerOf({ status: 'COMPLETED', lane: null, result })).toEqual({
      content: 'v',
      reasoning: '',
      extras: { steps: [] },
    });
  });
});
