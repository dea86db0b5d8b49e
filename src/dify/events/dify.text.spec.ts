import { describe, expect, it } from '@jest/globals';
import { contentOf, flowEnd, chat, chunk, finishOf, messageEnd, read, text } from './dify.events.testing.js';
import type { ProviderEvent } from '../../common/contracts/chat-event.js';

const reasoningOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === 'reasoning' ? [event.content] : [])).join('');
const split = ({ events }: { events: readonly ProviderEvent[] }) => [reasoningOf(events).trim(), contentOf(events)];

describe('reasoning in the text of an app', () => {
  it('is taken out of a chat, however it is cut', () => {
    for (const pieces of [['<think>\nHm.\n</think>\n\nYes'], ['<thi', 'nk>H', 'm.</th', 'ink>', '\n', 'Ye', 's']])
      expect(split(read('chat', [...pieces.map(text), messageEnd()]))).toEqual(['Hm.', 'Yes']);
  });

  it('is taken out of the outputs of a workflow that streamed none', () => {
    const outputs = { text: '<think>Hm.</think>Yes' };
    expect(split(read('workflow', [flowEnd('succeeded', { outputs })]))).toEqual(['Hm.', 'Yes']);
    expect(split(read('workflow', [chunk('<think>Hm.</think>Yes'), flowEnd('succeeded', { outputs })]))).toEqual([
      'Hm.',
      'Yes',
    ]);
  });

  it('is no part of a text that replaces another, or of a new agent who closes with it', () => {
    const replaced = read('chat', [
      text('Old'),
      chat('message_replace', { answer: '<think>Hm.</think>New' }),
      messageEnd(),
    ]);
    expect(contentOf(replaced.events)).toBe('New');
    const closing = text('<think>Hm.</think>Yes');
    const agent = read('agent', [chat('agent_message', { answer: '<think>Hm.</think>Yes' }), closing, messageEnd()]);
    expect([...split(agent), agent.events.some(({ type }) => type === 'replace')]).toEqual(['Hm.', 'Yes', false]);
  });

  it('does not come back when the run is joined again', () => {
    const shown = { content: 'Yes', steps: [] };
    const outputs = { answer: '<think>Hm.</think>\n\nYes, indeed' };
    const replay = chat('message_replace', { answer: '<think>Hm.</think>\n\nYes, in' });
    const { events } = read('advanced-chat', [replay, text('deed'), messageEnd(), flowEnd('succeeded', { outputs })], {
      shown,
    });
    expect([contentOf(events), events.some(({ type }) => type === 'replace')]).toEqual([', indeed', false]);
  });

  it('may stand in several blocks, in other marks, and without its opening one', () => {
    const several = text('<think>One</think>A.\n');
    expect(split(read('chat', [several, text('<think>Two</think>B.'), messageEnd()]))).toEqual(['OneTwo', 'A.\nB.']);
    const details = '<details open><summary>Thinking...</summary>Hm.</details>Yes';
    expect(split(read('chat', [text(details), messageEnd()]))).toEqual(['Hm.', 'Yes']);
    expect(split(read('chat', [text('Hm.\n</think>\n\nYes'), messageEnd()]))).toEqual(['Hm.', 'Yes']);
  });

  it('leaves the rest of the answer when it is cut within a mark', () => {
    const { events } = read('chat', [text('2 <'), text(' 3'), messageEnd()]);
    expect([contentOf(events), finishOf(events)]).toEqual(['2 < 3', ['stop']]);
  });
});
