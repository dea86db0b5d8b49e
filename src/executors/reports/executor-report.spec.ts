import { describe, expect, it } from '@jest/globals';
import { type KnownReports, reasonToIgnore, resultProblems, toTaskUpdate } from './executor-report.js';
import type { ExecutorReportDto } from './executor-reports.dto.js';

const report = (more: Partial<ExecutorReportDto> = {}): ExecutorReportDto => ({
  subtask_id: 501,
  status: 'RUNNING',
  ...more,
});

describe('toTaskUpdate', () => {
  it.each([
    ['RUNNING', 'RUNNING'],
    ['COMPLETED', 'COMPLETED'],
    ['FAILED', 'FAILED'],
    ['CANCELLED', 'CANCELLED'],
    ['SUCCESS', 'COMPLETED'],
    ['TIMEOUT', 'FAILED'],
    ['INITIALIZED', 'RUNNING'],
    ['PRE_EXECUTED', 'RUNNING'],
  ] as const)('takes %s for %s', (reported, status) => {
    expect(toTaskUpdate(report({ status: reported }), 1).status).toBe(status);
  });

  it("takes the callback of Wegent's executors", () => {
    const callback = report({
      progress: 55,
      task_title: null,
      subtask_title: null,
      executor_name: 'wegent-task-ann-0a1b2c',
      executor_namespace: '',
      result: { value: 'so far', thinking: [{ title: '…', next_action: 'continue', details: {} }] },
      error_message: 'Task execution started',
    });

    expect(toTaskUpdate(callback, 2)).toEqual({
      subtaskId: 501,
      status: 'RUNNING',
      progress: 55,
      result: { value: 'so far', thinking: [{ title: '…', next_action: 'continue', details: {} }] },
      report: { offer: 2, executorName: 'wegent-task-ann-0a1b2c' },
    });
  });

  it('keeps number, name and titles of a report', () => {
    const dto = report({ seq: 0, event_id: 'e', task_title: 'T', subtask_title: 'S', executor_namespace: 'ns' });

    expect(toTaskUpdate(dto, 1).report).toEqual({
      ...{ offer: 1, seq: 0, eventId: 'e', taskTitle: 'T', subtaskTitle: 'S', executorNamespace: 'ns' },
    });
  });

  it('leaves out what was not said, so that the stored result stays', () => {
    expect(toTaskUpdate(report({ status: 'COMPLETED', result: null, progress: null }), 1)).toEqual({
      subtaskId: 501,
      status: 'COMPLETED',
      report: { offer: 1 },
    });
  });

  it('makes a text of a result that has none', () => {
    expect(toTaskUpdate(report({ result: { value: null, thinking: [] } }), 1).result).toEqual({
      value: '',
      thinking: [],
    });
    expect(toTaskUpdate(report({ result: {} }), 1).result).toEqual({ value: '' });
  });

  it.each([
    ['FAILED', 'no disk', 'no disk'],
    ['FAILED', '', 'The executor failed without a reason'],
    ['FAILED', null, 'The executor failed without a reason'],
    ['TIMEOUT', null, 'The executor ran out of time'],
    ['COMPLETED', 'Task executed successfully', undefined],
    ['CANCELLED', '${{tasks.cancel_task}}', undefined],
    ['CANCELLED', 'as you wish', 'as you wish'],
  ] as const)('takes for the error of %s with "%s": %s', (status, text, expected) => {
    expect(toTaskUpdate(report({ status, error_message: text }), 1).errorMessage).toBe(expected);
  });

  it("presumes a failure without a reason: Wegent's manager reports it when a container of the same name still works", () => {
    const presumed = (more: Partial<ExecutorReportDto>) =>
      toTaskUpdate(report({ status: 'FAILED', ...more }), 1).isPresumed;
    expect([presumed({}), presumed({ error_message: ' ' })]).toEqual([true, true]);
    expect([presumed({ error_message: 'no disk' }), presumed({ status: 'TIMEOUT' })]).toEqual([undefined, undefined]);
  });

  it('proves a cancel by the report of the executor', () => {
    expect(toTaskUpdate(report({ status: 'CANCELLED' }), 1).terminal?.event).toEqual({
      type: 'cancelled',
      cancelled: true,
      proof: { executor_acked: true, while: 'running' },
    });
  });
});

describe('resultProblems', () => {
  it('wants a text as value', () => {
    expect(resultProblems({ value: { a: 1 } })).toHaveLength(1);
    expect(resultProblems({ value: 7 })).toHaveLength(1);
    expect(resultProblems({ value: '' })).toEqual([]);
    expect(resultProblems({})).toEqual([]);
    expect(resultProblems(null)).toEqual([]);
  });
});

describe('reasonToIgnore', () => {
  const known = (more: Partial<KnownReports> = {}): KnownReports => ({
    ...{ ended: false, newestSeq: null, isKnownEvent: false, executorName: '' },
    ...more,
  });

  it.each([
    ['nothing is known', report({ seq: 1, event_id: 'a' }), known(), null],
    ['it is newer', report({ seq: 6 }), known({ newestSeq: 5 }), null],
    ['it has no number', report(), known({ newestSeq: 5 }), null],
    ['it is older', report({ seq: 4 }), known({ newestSeq: 5 }), 'stale'],
    ['its number was there', report({ seq: 5 }), known({ newestSeq: 5 }), 'duplicate'],
    ['its name was there', report({ event_id: 'a' }), known({ isKnownEvent: true }), 'duplicate'],
    ['the subtask has ended', report({ seq: 6 }), known({ ended: true, newestSeq: 5 }), 'terminal'],
    ['it repeats the end', report({ event_id: 'a' }), known({ ended: true, isKnownEvent: true }), 'duplicate'],
    ['another executor has it', report({ executor_name: 'a' }), known({ executorName: 'b' }), 'stale'],
    ['the same executor has it', report({ executor_name: 'a' }), known({ executorName: 'a' }), null],
  ] as const)('when %s', (_case, dto, notes, expected) => {
    expect(reasonToIgnore(dto, notes)).toBe(expected);
  });
});
