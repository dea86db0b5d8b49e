import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventBatch } from './event-batch.js';
import { ThinkTags } from './think-tags.js';
import { summary } from '../../direct-chat/providers/providers.testing.js';

function split(mode: 'auto' | 'implicit' | 'off', ...chunks: string[]): [string, string] {
  const batch = new EventBatch();
  const tags = new ThinkTags(mode);
  for (const chunk of chunks) tags.push(chunk, batch);
  tags.end(batch);
  const { reasoning, content } = summary(batch.drain());
  return [reasoning, content];
}

describe('ThinkTags', () => {
  it.each([
    ['<think>why</think>\n\nanswer', 'why', 'answer'],
    ['\n <think>why</think>answer', 'why', 'answer'],
    ['plain <think>no</think>', '', 'plain <think>no</think>'],
    ['  indented', '', '  indented'],
    ['<thin', '', '<thin'],
    ['<thing>', '', '<thing>'],
    ['<think>cut off', 'cut off', ''],
    ['<think>a </thin', 'a </thin', ''],
    ['<think></think>x', '', 'x'],
    ['why</think>answer', '', 'why</think>answer'],
    ['', '', ''],
  ])('auto: %j', (text, reasoning, content) => expect(split('auto', text)).toEqual([reasoning, content]));

  it.each([
    ['why</think>\nanswer', 'why', 'answer'],
    ['<think>why</think>answer', 'why', 'answer'],
    ['<think>cut off', 'cut off', ''],
    // Nobody could know until the end that this was the answer: it is shown as both, and not lost.
    ['no tag at all', 'no tag at all', 'no tag at all'],
  ])('implicit: %j', (text, reasoning, content) => expect(split('implicit', text)).toEqual([reasoning, content]));

  it('off: leaves everything in the answer', () => {
    expect(split('off', '<think>why</think>answer')).toEqual(['', '<think>why</think>answer']);
  });

  it('streams reasoning while it comes', () => {
    const batch = new EventBatch();
    new ThinkTags('auto').push('<think>so far', batch);
    expect(batch.drain()).toEqual([{ type: 'reasoning', content: 'so far' }]);
  });

  it.each(['auto', 'implicit', 'off'] as const)('%s: does not depend on where chunks are cut', (mode) => {
    const piece = fc.constantFrom('<think>', '</think>', '<', '/', 'think>', '\n', 'a', ' b ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(60)), (pieces, cuts) => {
        const text = pieces.join('');
        const edges = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length];
        const chunks = edges.slice(1).map((edge, i) => text.slice(edges[i], edge));
        expect(split(mode, ...chunks)).toEqual(split(mode, text));
      }),
    );
  });
});
