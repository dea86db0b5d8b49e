import { describe, expect, it } from '@jest/globals';
import { forwardOf } from './callbacks.service.js';

describe('forwardOf', () => {
  it('passes reports on subtasks on as they are', () => {
    const callback = { task_id: 7, subtask_id: 8, status: 'RUNNING', progress: 50, result: { value: 'so far' } };

    expect(forwardOf(callback)).toEqual({ method: 'PUT', path: '/executors/tasks', body: callback });
  });

  it('turns the progress of a validator into a report on its validation', () => {
    const result = { stage: 'running_checks', validation_id: 'a/b', current_check: 'node' };
    const forward = forwardOf({ task_id: -1, subtask_id: 1, status: 'RUNNING', progress: 76, result });

    expect(forward).toEqual({
      method: 'POST',
      path: '/shells/validation-status/a%2Fb',
      body: { status: 'running_checks', stage: 'running_checks', progress: 76 },
    });
  });

  it('takes the verdict from its result, and a failure as one', () => {
    const checks = [{ name: 'node', version: '18.0.0', status: 'fail', message: 'too old' }];
    const verdict = { valid: false, checks, errors: [] };
    const ended = forwardOf({
      ...{ task_type: 'validation', status: 'COMPLETED', progress: 100 },
      result: { validation_id: 'x', validation_result: verdict },
    });
    const failed = forwardOf({ status: 'FAILED', error_message: 'no shell', result: { validation_id: 'x' } });

    expect(ended.body).toEqual({
      status: 'completed',
      stage: 'completed',
      progress: 100,
      valid: false,
      checks,
      errors: [],
    });
    expect(failed.body).toEqual({ status: 'completed', stage: 'completed', valid: false, errorMessage: 'no shell' });
  });
});
