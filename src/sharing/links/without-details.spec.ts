import { expect, it } from '@jest/globals';
import { hideDetails } from './without-details.js';

const hidden = (event: object) =>
  JSON.parse(hideDetails({ id: '1-1', data: JSON.stringify(event) }).data as string) as object;

it('removes the details of steps, in events of their own and in whole answers', () => {
  const step = { step_id: 'a', title: 'LLM', status: 'running' };
  const detail = { prompt: 'secret' };

  expect(hidden({ type: 'step', ...step, detail })).toEqual({ type: 'step', ...step });
  expect(hidden({ type: 'resync', content: 'x', reasoning: '', steps: [{ ...step, detail }] })).toEqual({
    ...{ type: 'resync', content: 'x', reasoning: '', steps: [step] },
  });
});

it('leaves other messages as they are', () => {
  const messages = [
    { data: '{"type":"content","content":"detail"}' },
    { comment: 'ping' } as never,
    { data: '{"type":"step"' },
  ];

  for (const message of messages) expect(hideDetails(message)).toBe(message);
});
