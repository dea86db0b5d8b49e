import { describe, expect, it } from '@jest/globals';
import { maskJob } from './mask-job.js';

describe('jobs on the queue board', () => {
  it('show ids and states, but no words of users and models', () => {
    const report = { seq: 3, executorName: 'executor-1', taskTitle: 'My illness' };
    const update = { subtaskId: 7, status: 'COMPLETED', result: { value: 'secret' }, errorMessage: 'secret', report };
    expect(
      maskJob({ updates: [{ ...update, terminal: { event: { type: 'error', message: 'secret' }, seq: 9 } }] }),
    ).toEqual({
      updates: [
        {
          subtaskId: 7,
          status: 'COMPLETED',
          result: '(hidden)',
          errorMessage: '(hidden: 6 characters)',
          report: { seq: 3, executorName: 'executor-1', taskTitle: '(hidden: 10 characters)' },
          terminal: '(hidden)',
        },
      ],
    });
  });

  it('show no long text anywhere', () => {
    expect(maskJob({ a: [{ b: 'x'.repeat(101) }], c: null, d: 5 })).toEqual({
      a: [{ b: '(hidden: 101 characters)' }],
      c: null,
      d: 5,
    });
  });
});
