import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { quickRead } from '../../common/quick-read.js';
import { DispatchQuery } from '../dispatch/dispatch.dto.js';
import { ExecutorReportDto, HeartbeatDto } from './executor-reports.dto.js';

/** As the decorators see it: null for a body that they refuse. */
function read(body: object): ExecutorReportDto | null {
  const dto = plainToInstance(ExecutorReportDto, body);

  return validateSync(dto, { whitelist: true }).length > 0 ? null : dto;
}

const oneOf = (...values: unknown[]) => fc.constantFrom(...values);
const texts = fc.oneof(
  oneOf(null, undefined, '', 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(501), 5, ['a']),
  fc.string(),
);
/** The library loses fields of objects that are named as methods are, `valueOf` for instance; read quickly they stay. */
const METHODS = Object.getOwnPropertyNames(Object.prototype).map((name) => `"${name}":`);
const json = fc.jsonValue().filter((value) => !METHODS.some((field) => JSON.stringify(value).includes(field)));
const odd = fc.oneof(oneOf(undefined, null, true, '5', [], {}, Number.NaN, 2 ** 53), fc.double(), json);
/** Mostly bodies that are fine, with something strange here and there. */
const bodies = fc.record({
  subtask_id: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 99 }) }, { weight: 1, arbitrary: odd }),
  status: fc.oneof({ weight: 9, arbitrary: oneOf('RUNNING', 'SUCCESS', 'FAILED') }, { weight: 1, arbitrary: odd }),
  ...{
    progress: fc.oneof(oneOf(0, 55, 100, 101, -1, 1.5, null, undefined), odd),
    executor_name: texts,
    event_id: texts,
  },
  ...{
    seq: fc.oneof(oneOf(0, 1, null, undefined, -1, '1'), odd),
    result: fc.oneof(fc.dictionary(oneOf('value', 'thinking') as fc.Arbitrary<string>, fc.string()), odd),
  },
  title: fc.jsonValue(),
});

describe('reading reports quickly', () => {
  it('takes what executors send, without what is not known', () => {
    const callback = {
      ...{ subtask_id: 5, status: 'RUNNING', progress: 55, task_title: null, executor_name: 'wegent-1' },
      ...{
        executor_namespace: '',
        result: { value: 'so far', thinking: [{}] },
        error_message: '',
        seq: 0,
        event_id: 'a',
      },
    };

    expect(quickRead(ExecutorReportDto, { ...callback, task_id: 9, constructor: 1 }, 'drop')).toEqual({ ...callback });
    expect(quickRead(ExecutorReportDto, callback, 'drop')).toBeInstanceOf(ExecutorReportDto);
    expect(quickRead(HeartbeatDto, {}, 'drop')).toEqual({});
  });

  it('keeps fields of results that are named as methods are', () => {
    const report = { subtask_id: 5, status: 'RUNNING', progress: 55, result: { value: 'x', valueOf: [], toString: 1 } };
    expect(quickRead(ExecutorReportDto, report, 'drop')).toEqual(report);
  });

  it('never takes what the decorators refuse, nor makes anything else of it', () => {
    let taken = 0;
    fc.assert(
      fc.property(bodies, (given) => {
        const body = JSON.parse(JSON.stringify(given)) as object;
        const quick = quickRead(ExecutorReportDto, body, 'drop');
        if (!quick) return;
        taken += 1;
        expect(quick).toEqual(read(body));
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(10);
  });

  it.each([[null], ['text'], [[]], [undefined]])('leaves %j to the decorators', (body) => {
    expect(quickRead(ExecutorReportDto, body, 'drop')).toBeNull();
  });

  it('leaves what has other rules to the decorators', () => {
    expect(quickRead(DispatchQuery, {}, 'drop')).toBeNull();
  });
});
