import { describe, expect, it } from '@jest/globals';
import { AppValidationPipe } from '../../infra/http/server/validation.pipe.js';
import { ExecutorReportDto, HeartbeatDto } from './executor-reports.dto.js';

function read(body: unknown, metatype: new () => object = ExecutorReportDto): Promise<unknown> {
  return new AppValidationPipe().transform(body, { type: 'body', metatype });
}

const REPORT = { subtask_id: 5, status: 'RUNNING', progress: 55 };

describe('ExecutorReportDto', () => {
  it('accepts what executors send, without what is not known', async () => {
    const names = { task_title: null, executor_name: 'wegent-1', executor_namespace: '' };
    const rest = { result: { value: 'so far', thinking: [{}] }, error_message: '', seq: 0, event_id: 'a' };
    const callback = { ...REPORT, ...names, ...rest };
    const dto = await read({ ...callback, task_id: 9, title: [] });

    expect(dto).toBeInstanceOf(ExecutorReportDto);
    expect(dto).toEqual(callback);
    await expect(read({}, HeartbeatDto)).resolves.toEqual({});
  });

  it('keeps fields of results that are named as methods are', async () => {
    const report = { ...REPORT, result: { value: 'x', valueOf: [], nested: { toString: 1 } } };

    await expect(read(report)).resolves.toEqual(report);
  });

  it.each([
    [{ subtask_id: '5' }],
    [{ subtask_id: 0 }],
    [{ status: 'DONE' }],
    [{ progress: 101 }],
    [{ progress: 1.5 }],
    [{ seq: -1 }],
    [{ result: [] }],
    [{ executor_name: 'x'.repeat(501) }],
    [{ event_id: '' }],
  ])('refuses %j', async (wrong) => {
    await expect(read({ ...REPORT, ...wrong })).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it.each([[null], ['text'], [[]], [undefined]])('refuses %j in place of a report', async (body) => {
    await expect(read(body)).rejects.toThrow();
  });
});
