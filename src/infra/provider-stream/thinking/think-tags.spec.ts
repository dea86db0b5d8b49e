import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventBatch } from '../event-batch.js';
import { ThinkTags } from './think-tags.js';

type Mode = 'auto' | 'implicit' | 'off';

/** `[reasoning, content]` as a client has them in the end. */
function split(mode: Mode, chunks: readonly string[], cut = false): [string, string] {
  const batch = new EventBatch();
  const tags = new ThinkTags(mode);
  for (const chunk of chunks) tags.push(chunk, batch);
  tags.end(batch, cut);
  let [reasoning, content] = ['', ''];
  for (const event of batch.drain()) {
    if (event.type === 'reasoning') reasoning += event.content;
    if (event.type === 'content') content += event.content;
    if (event.type === 'replace') content = event.content;
  }

  return [reasoning, content];
}

const letters = (text: string) => Array.from(text);

describe('a block at the beginning', () => {
  it.each([
    ['<think>why</think>\n\nanswer', 'why', 'answer'],
    ['\n <think>why</think>answer', 'why', 'answer'],
    ['<thought>why</thought>answer', 'why', 'answer'],
    ['<THINKING>why</Thinking>answer', 'why', 'answer'],
    ['<reasoning effort="low">why</reasoning>answer', 'why', 'answer'],
    ['<seed:think>why</seed:think>answer', 'why', 'answer'],
    ['<longcat_think>why</longcat_think>answer', 'why', 'answer'],
    ['◁think▷why◁/think▷answer', 'why', 'answer'],
    ['[THINK]why[/THINK]answer', 'why', 'answer'],
    ['<|begin_of_thought|>why<|end_of_thought|>answer', 'why', 'answer'],
    ['<|START_THINKING|>why<|END_THINKING|>answer', 'why', 'answer'],
    ['<|channel>thought\nwhy<channel|>answer', '\nwhy', 'answer'],
    ['<details open> <summary> Thinking... </summary>why</details>answer', 'why', 'answer'],
    ['<details type="reasoning">\n<summary>Thought for 3 s</summary>why</details>\nanswer', 'why', 'answer'],
    ['<think></think>x', '', 'x'],
    ['<think>a</think>\n<think>b</think>answer', 'ab', 'answer'],
    ['<think>The `</think>` tag ends it.</think>answer', 'The `</think>` tag ends it.', 'answer'],
    ['</think>\n\nanswer', '', 'answer'],
  ])('%j', (text, reasoning, content) => {
    expect(split('auto', [text])).toEqual([reasoning, content]);
    expect(split('auto', letters(text))).toEqual([reasoning, content]);
  });
});

describe('what is not one', () => {
  it.each([
    'plain <think>no</think>',
    '  indented',
    '<thin',
    '<thing>',
    'a < b and [1] c',
    '<p>Text</p>',
    'The template puts <think> before the first word.',
    'Write it between <think> and </think>, please.',
    'Models close it with `</think>`.\nThen they answer.',
    'Like so:\n```\n<think>\nwhy\n</think>\n```\nDone.',
    'The last tag is </think>',
    'The tag </think> is closing.',
    '<thinking',
    'analysis of the data',
    '',
  ])('%j', (text) => {
    expect(split('auto', [text])).toEqual(['', text]);
    expect(split('auto', letters(text))).toEqual(['', text]);
  });
});

describe('a block inside of the answer', () => {
  it.each([
    ['Sure.\n<think>\nwhy\n</think>\nanswer', '\nwhy\n', 'Sure.\nanswer'],
    ['<think>a</think>One.\n<think>b</think>Two.', 'ab', 'One.\nTwo.'],
    ['Sure.<think>why</think>answer', 'why', 'Sure.answer'],
  ])('%j', (text, reasoning, content) => {
    expect(split('auto', [text])).toEqual([reasoning, content]);
    expect(split('auto', letters(text))).toEqual([reasoning, content]);
  });

  it('that is never closed was a word', () => {
    expect(split('auto', ['Tags:\n<think> opens it.'])[1]).toBe('Tags:\n<think> opens it.');
  });
});

describe('a block without its closing mark', () => {
  it.each(['<think>answer', '<think>\nanswer\n', '<thought>answer', '<|channel|>analysis<|message|>answer'])(
    'holds the answer of a model that has stopped by itself: %j',
    (text) => expect(split('auto', letters(text))).toEqual([expect.stringContaining('answer'), 'answer']),
  );

  it.each(['<think>cut off', '<|channel|>analysis<|message|>cut off'])('was cut, and holds none: %j', (text) => {
    expect(split('auto', letters(text), true)).toEqual(['cut off', '']);
  });
});

describe('a closing mark without its opening one', () => {
  it.each([
    ['why\n</think>\n\nanswer', 'why\n', 'answer'],
    ['why</think>answer', 'why', 'answer'],
    ['Two. Is it? </think> answer', 'Two. Is it? ', 'answer'],
    ['why</thinking>answer', 'why', 'answer'],
    ['why◁/think▷answer', 'why', 'answer'],
    ['why[/THINK]answer', 'why', 'answer'],
  ])('auto: %j', (text, reasoning, content) => {
    expect(split('auto', [text])).toEqual([reasoning, content]);
    expect(split('auto', letters(text))).toEqual([reasoning, content]);
  });

  it('takes back what was shown as the answer', () => {
    const batch = new EventBatch();
    const tags = new ThinkTags();
    tags.push('why', batch);
    tags.push('</think>answer', batch);
    expect(batch.drain()).toEqual([
      { type: 'content', content: 'why' },
      { type: 'replace', content: '' },
      { type: 'reasoning', content: 'why' },
      { type: 'content', content: 'answer' },
    ]);
  });

  it.each([
    ['why</think>\nanswer', 'why', 'answer'],
    ['<think>why</think>answer', 'why', 'answer'],
    ['<think>cut off', 'cut off', 'cut off'],
    // Only the end shows that this was the answer: it is shown as both, and not lost.
    ['no tag at all', 'no tag at all', 'no tag at all'],
  ])('implicit: %j', (text, reasoning, content) => expect(split('implicit', [text])).toEqual([reasoning, content]));
});

describe('channels of gpt-oss', () => {
  const header = '<|channel|>analysis<|message|>why<|end|><|start|>assistant';

  it.each([
    [`${header}<|channel|>final<|message|>answer<|return|>`, 'why', 'answer'],
    [`<|start|>assistant${header}<|channel|>final <|constrain|>json<|message|>{}`, 'why', '{}'],
    [
      `${header}<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|message|> It is.`,
      'why',
      'I look. It is.',
    ],
    [
      `${header}<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a":1}<|call|>`,
      'why{"a":1}',
      'why{"a":1}',
    ],
    ['<|channel|>final<|message|>a < b <| c', '', 'a < b <| c'],
  ])('%j', (text, reasoning, content) => {
    expect(split('auto', [text])).toEqual([reasoning, content]);
    expect(split('auto', letters(text))).toEqual([reasoning, content]);
  });
});

it('the names of channels whose marks were removed', () => {
  const chunks = ['analysis', 'The user greets.', 'assistant', 'final', 'Hello!'];
  expect(split('auto', chunks)).toEqual(['The user greets.', 'Hello!']);
  expect(split('auto', ['analysis', ' of the data'])).toEqual(['', 'analysis of the data']);
});

it('off: leaves everything in the answer', () => {
  expect(split('off', ['<think>why</think>answer'])).toEqual(['', '<think>why</think>answer']);
});

it('streams reasoning while it comes', () => {
  const batch = new EventBatch();
  new ThinkTags('auto').push('<think>so far', batch);
  expect(batch.drain()).toEqual([{ type: 'reasoning', content: 'so far' }]);
});

it.each(['auto', 'implicit', 'off'] as const)('%s: does not depend on where chunks are cut', (mode) => {
  const marks = [
    '<think>',
    '</think>',
    '<',
    '/',
    'think>',
    '`',
    '\n',
    'a',
    '. ',
    ' b ',
    '<|channel|>',
    '<|message|>final',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...marks), { maxLength: 12 }), fc.array(fc.nat(60)), (pieces, cuts) => {
      const text = pieces.join('');
      const edges = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
      const chunks = edges.slice(1).map((edge, i) => text.slice(edges[i], edge));
      expect(split(mode, chunks)).toEqual(split(mode, [text]));
    }),
    { numRuns: 500 },
  );
});
