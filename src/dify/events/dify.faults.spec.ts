/** What proxies, gateways and old versions make of Dify's stream. */
import { describe, expect, it } from '@jest/globals';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { chat, contentOf, finishOf, messageEnd, read, text } from './dify.events.testing.js';

const line = (event: object) => JSON.stringify(event);

/** Events of blocks of data, as they come. */
function push(...blocks: string[]) {
  const { mapper } = read('chat', []);
  const batch = new EventBatch();
  for (const data of blocks) mapper.push({ data }, batch);

  return batch.drain();
}

describe('a stream with faults', () => {
  it('goes on after keep-alive data, and with two events in one block', () => {
    const events = push(
      ': keep-alive',
      `${line(text('A'))}\n${line(text('B'))}`,
      '12:00',
      `data: ${line(messageEnd())}`,
    );
    expect([contentOf(events), finishOf(events)]).toEqual(['AB', ['stop']]);
  });

  it('may hold numbers that JSON does not know', () => {
    const end = line(messageEnd({ retriever_resources: [{ title: 'T', score: 0.5 }] })).replace('0.5', 'NaN');
    expect(push(line(text('A')), end)).toContainEqual({ type: 'sources', sources: [{ title: 'T' }] });
  });

  it('may tell of a failure without the name of the event', () => {
    const { mapper } = read('chat', []);
    const batch = new EventBatch();
    for (const data of [{ code: 'invalid_api_key', message: 'boom', status: 500 }, { error: 'boom' }])
      expect(() => mapper.push({ data: line(data) }, batch)).toThrow('boom');
    expect(() => mapper.push({ event: 'error', data: 'boom' }, batch)).toThrow('boom');
    expect(() => mapper.pushWhole({ code: 'bad_request', message: 'boom' }, batch)).toThrow('boom');
  });

  it('may be one whole reply', () => {
    const metadata = { usage: {}, retriever_resources: [] };
    const events = push(line({ ...text('Whole'), mode: 'chat', metadata }));
    expect([contentOf(events), finishOf(events)]).toEqual(['Whole', ['stop']]);
    expect(finishOf(push(line(text('A part'))))).toEqual([]);
  });

  it('in another conversation is not that answer', () => {
    const asked = { conversationId: 'C1' };
    expect(read('chat', [text('A'), messageEnd()], asked).error).toBeUndefined();
    expect(read('chat', [{ ...text('A'), conversation_id: '' }, messageEnd()], asked).error).toBeUndefined();
    const other = read('chat', [chat('message', { conversation_id: 'c2', answer: 'A' })], asked);
    expect([String(other.error), contentOf(other.events)]).toEqual([
      expect.stringContaining('another conversation'),
      '',
    ]);
  });
});
