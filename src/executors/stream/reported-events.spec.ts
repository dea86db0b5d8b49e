import { describe, expect, it } from '@jest/globals';
import { reportedEvents } from './reported-events.js';

describe('events of an executor', () => {
  it('are those that clients receive, without what is unknown', () => {
    const file = { id: 'f', kind: 'image', url: 'http://f', secret: 1 };
    const { events, problems } = reportedEvents([
      ...[
        { type: 'content', content: 'a', more: true },
        { type: 'file', file },
      ],
      ...[
        { type: 'usage', input_tokens: 1, output_tokens: 2 },
        { type: 'suggestions', questions: ['?', 5] },
      ],
    ]);
    expect(problems).toEqual([]);
    expect(events).toEqual([
      ...[
        { type: 'content', content: 'a' },
        { type: 'file', file: { id: 'f', kind: 'image', url: 'http://f' } },
      ],
      ...[
        { type: 'usage', input_tokens: 1, output_tokens: 2, total_tokens: 3 },
        { type: 'suggestions', questions: ['?'] },
      ],
    ]);
  });

  it.each([
    [{ type: 'done' }],
    [{ type: 'content' }],
    [{ type: 'step', step_id: 'a', kind: 'other', status: 'running' }],
    [{}],
  ])('are refused with their place: %j', (event) => {
    const { problems } = reportedEvents([{ type: 'content', content: '' }, event]);
    expect(problems).toEqual([{ field: 'events.1', message: expect.any(String) }]);
  });
});
