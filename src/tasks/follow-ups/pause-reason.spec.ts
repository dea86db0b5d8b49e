import { describe, expect, it } from '@jest/globals';
import { pauseReason } from './pause-reason.js';

describe('queued prompts are paused', () => {
  const waiting = [{ failure: null }];
  const refused = [{ failure: { code: 'not_found', message: 'Model "x" not found' } }];

  it.each([
    ['COMPLETED', null, waiting, null],
    ['FAILED', null, waiting, 'task_failed'],
    ['CANCELLED', null, waiting, 'task_cancelled'],
    ['COMPLETED', 3, waiting, 'version_shown'],
    ['COMPLETED', null, refused, 'refused'],
    ['FAILED', null, refused, 'refused'],
    ['RUNNING', null, refused, null],
    ['CANCELLING', null, waiting, null],
    ['FAILED', null, [], null],
  ] as const)('%s, active turn %s, %j: %s', (status, activeTurn, queue, reason) => {
    expect(pauseReason({ status, activeTurn }, queue)).toBe(reason);
  });
});
