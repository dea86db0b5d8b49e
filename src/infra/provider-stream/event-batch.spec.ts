import { describe, expect, it } from '@jest/globals';
import { EventBatch } from './event-batch.js';

describe('EventBatch', () => {
  it('merges neighbours of one kind and keeps the order', () => {
    const batch = new EventBatch();
    expect(batch.isEmpty).toBe(true);
    batch.reasoning('a');
    batch.reasoning('b');
    batch.content('c');
    batch.content('d');
    batch.add({ type: 'replace', content: 'e' });
    batch.content('f');
    expect(batch.isEmpty).toBe(false);
    expect(batch.drain()).toEqual([
      { type: 'reasoning', content: 'ab' },
      { type: 'content', content: 'cd' },
      { type: 'replace', content: 'e' },
      { type: 'content', content: 'f' },
    ]);
    expect(batch.isEmpty).toBe(true);
    expect(batch.drain()).toEqual([]);
  });

  describe('of halves of characters', () => {
    const eventsOf = (fill: (batch: EventBatch) => void, ...fills: ((batch: EventBatch) => void)[]) => {
      const batch = new EventBatch();

      return [fill, ...fills].flatMap((each) => {
        each(batch);

        return batch.isEmpty ? [] : batch.drain();
      });
    };
    const content = (text: string) => ({ type: 'content', content: text });

    it('joins two that came apart, over reads and other events', () => {
      const step = { type: 'step', step_id: 's', kind: 'node', title: 'T\ud83d', status: 'running' } as const;
      const events = eventsOf(
        (batch) => batch.content('So \ud83d'),
        (batch) => batch.add(step),
        (batch) => batch.content('\ude00'),
        (batch) => batch.content('!'),
      );
      expect(events).toEqual([content('So '), { ...step, title: 'T\ufffd' }, content('😀'), content('!')]);
      expect(eventsOf((batch) => ['\ud83d', '', '\ude00'].forEach((text) => batch.content(text)))).toEqual([
        content('😀'),
      ]);
    });

    it('replaces those that stay alone, and NUL', () => {
      expect(eventsOf((batch) => batch.content('a\ude00b\0\ud83dc'))).toEqual([content('a\ufffdb\ufffd\ufffdc')]);
      const finish = { type: 'finish', finish_reason: 'length' } as const;
      expect(
        eventsOf(
          (batch) => batch.content('a\ud83d'),
          (batch) => batch.add(finish),
        ),
      ).toEqual([...[content('a'), content('\ufffd'), finish]]);
      expect(
        eventsOf(
          (batch) => batch.reasoning('a\ud83d'),
          (batch) => batch.content('b'),
        ),
      ).toEqual([{ type: 'reasoning', content: 'a' }, { type: 'reasoning', content: '\ufffd' }, content('b')]);
      const replace = { type: 'replace', content: 'x\ud83d' } as const;
      expect(
        eventsOf(
          (batch) => batch.content('a\ud83d'),
          (batch) => batch.add(replace),
          (batch) => batch.add(finish),
        ),
      ).toEqual([...[content('a'), { type: 'replace', content: 'x\ufffd' }, finish]]);
    });
  });

  it('holds nothing for empty text', () => {
    const batch = new EventBatch();
    batch.content('');
    expect(batch.isEmpty).toBe(true);
  });
});
