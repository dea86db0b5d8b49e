import { describe, expect, it } from '@jest/globals';
import type { ChatEvent, InputForm, Step } from '../../common/contracts/chat-event.js';
import { type AnswerExtras, endedSteps, extrasOf, withExtra } from './answer-extras.js';
import { frame } from './frames.js';
import { EMPTY_TEXT, foldFrames, resyncOf } from './stream-text.js';

const step = (id: string, status: Step['status'] = 'running'): ChatEvent => {
  return { type: 'step', step_id: id, kind: 'node', title: id, status };
};
const form = (token: string, stepId: string): InputForm => {
  return { form_token: token, title: '', content: '', inputs: [], actions: [], expires_at: null, step_id: stepId };
};
const apply = (events: readonly ChatEvent[]) => events.reduce<AnswerExtras>(withExtra, {});

const EVENTS: ChatEvent[] = [
  step('a'),
  step('b'),
  step('a', 'succeeded'),
  { type: 'sources', sources: [{ title: 'old' }] },
  { type: 'sources', sources: [{ title: 's' }] },
  { type: 'file', file: { id: 'f', kind: 'image', url: '1' } },
  { type: 'file', file: { id: 'f', kind: 'image', url: '2' } },
  { type: 'suggestions', questions: ['q'] },
  { type: 'content', content: 'x' },
];

describe('what an answer has besides its text', () => {
  it.each<[Step['status'], string[]]>([
    ['succeeded', ['succeeded', 'succeeded', 'paused', 'failed']],
    ['failed', ['failed', 'failed', 'failed', 'failed']],
    ['skipped', ['skipped', 'skipped', 'skipped', 'failed']],
  ])('has no step that goes on when it has ended: %s', (end, expected) => {
    const extras = apply([step('a'), step('b', 'retrying'), step('c', 'paused'), step('d', 'failed')]);
    const ended = endedSteps(extras, end).reduce<AnswerExtras>(withExtra, extras);
    expect(ended.steps?.map(({ status }) => status)).toEqual(expected);
    expect(endedSteps(ended, end)).toEqual([]);
  });

  it('is the newest of each', () => {
    const extras = apply(EVENTS);
    expect(extras.steps?.map(({ step_id: id, status }) => [id, status])).toEqual([
      ['a', 'succeeded'],
      ['b', 'running'],
    ]);
    expect([extras.sources, extras.files?.map(({ url }) => url), extras.suggestions]).toEqual([
      [{ title: 's' }],
      ['2'],
      ['q'],
    ]);
  });

  it('keeps a form until its step goes on', () => {
    const asked: ChatEvent[] = [
      step('form:1', 'paused'),
      { type: 'input_required', form: form('t1', 'form:1') },
      { type: 'input_required', form: form('t2', 'form:2') },
      step('form:1', 'paused'),
    ];
    const tokens = (events: ChatEvent[]) => apply(events).forms?.map(({ form_token: token }) => token);
    expect(tokens(asked)).toEqual(['t1', 't2']);
    expect(tokens([...asked, step('form:1', 'succeeded')])).toEqual(['t2']);
    expect(tokens([...asked, step('form:1', 'succeeded'), step('form:2', 'failed')])).toBeUndefined();
  });

  it('is bounded', () => {
    const extras = apply(Array.from({ length: 600 }, (_, index) => step(`s${index}`)));
    expect([extras.steps?.length, extras.steps?.at(-1)?.step_id]).toEqual([500, 's599']);
  });

  it('comes back with a resync, and goes with a reset or another step', () => {
    const frames = (events: readonly ChatEvent[]) => events.map((event, index) => frame(1, index + 1, event)).join('');
    const fold = (events: readonly ChatEvent[]) =>
      foldFrames(EMPTY_TEXT, { text: frames(events), last: events.length });
    const extras = apply(EVENTS);
    const resync = resyncOf(1, fold(EVENTS));
    expect(resync).toEqual({ type: 'resync', content: 'x', reasoning: '', ...extras });
    const again = fold([resync, step('c')]);
    expect(extrasOf(again.extras ?? {}).steps?.map(({ step_id: id }) => id)).toEqual(['a', 'b', 'c']);
    expect(fold([...EVENTS, { type: 'reset', attempt: 2, reason: 'worker_lost' }]).extras).toBeUndefined();
    expect(fold([...EVENTS, { type: 'resync', content: '', reasoning: '' }]).extras).toEqual({});
  });
});
