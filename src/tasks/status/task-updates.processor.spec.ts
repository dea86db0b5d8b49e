import { describe, expect, it } from '@jest/globals';
import { isTaskUpdate, readPayload } from './task-updates.processor.js';

const UPDATE = { subtaskId: 7, status: 'RUNNING' };

describe('readPayload', () => {
  it('reads jobs of many updates, and of one as older releases queued them', () => {
    expect(readPayload({ updates: [UPDATE, UPDATE] }, 1)).toEqual({ updates: [UPDATE, UPDATE], malformed: 0 });
    expect(readPayload(UPDATE, 1)).toEqual({ updates: [UPDATE], malformed: 0 });
  });

  it('gives reports without a place one by the time of their job', () => {
    const job = {
      updates: [
        { ...UPDATE, report: {} },
        { ...UPDATE, report: { order: 3 } },
        { ...UPDATE, report: {} },
      ],
    };
    expect(readPayload(job, 1700).updates.map(({ report }) => report?.order)).toEqual([1_700_000, 3, 1_700_002]);
  });

  it('keeps what is right when something is wrong', () => {
    expect(readPayload({ updates: [UPDATE, null, { ...UPDATE, progress: 101 }] }, 1)).toEqual({
      updates: [UPDATE],
      malformed: 2,
    });
    for (const data of [null, 'x', [], {}, { updates: 'x' }])
      expect(readPayload(data, 1)).toEqual({ updates: [], malformed: 1 });
  });
});

describe('isTaskUpdate', () => {
  const full = {
    ...{ subtaskId: 1, status: 'COMPLETED', progress: 100, result: { value: 'x' }, errorMessage: '' },
    terminal: { event: { type: 'done' }, seq: 4 },
    report: {
      seq: 3,
      eventId: 'e',
      executorName: 'n',
      executorNamespace: '',
      taskTitle: 't',
      subtaskTitle: 's',
      order: 1,
    },
  };

  it('takes all that an update may hold', () => {
    expect(isTaskUpdate(full)).toBe(true);
  });

  it.each([
    [{ subtaskId: 0 }],
    [{ subtaskId: 2 ** 31 }],
    [{ subtaskId: '1' }],
    [{ status: 'PENDING' }],
    [{ status: 'SUCCESS' }],
    [{ progress: 1.5 }],
    [{ progress: -1 }],
    [{ result: 'text' }],
    [{ result: null }],
    [{ errorMessage: 5 }],
    [{ terminal: { event: null, seq: 1 } }],
    [{ report: { seq: 2 ** 53 } }],
    [{ report: { eventId: 1 } }],
    [{ report: [] }],
  ])('refuses %j', (wrong) => {
    expect(isTaskUpdate({ ...full, ...wrong })).toBe(false);
  });
});
