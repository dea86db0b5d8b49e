import type { MessageEvent } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import type { TaskDto } from '../tasks.dto.js';
import { type LoggedChange, MAX_EVENT_BYTES, positionOf, rowsOf, taskMessage, toEventId } from './task-event.js';

const ALL = { userId: 7, taskId: null };
const ONE = { userId: 7, taskId: 3 };

const task = (value: string | null): TaskDto =>
  ({ id: 3, title: 'A title', prompt: 'a\nb', result: value === null ? null : { value } }) as TaskDto;

const parsed = ({ data }: MessageEvent) => JSON.parse(data as string) as Record<string, unknown>;

describe('ids of events', () => {
  it.each([
    [ALL, 'u7-1764000000000-12'],
    [ONE, 't3-1764000000000-12'],
  ])('name their stream and a place in the log', (scope, id) => {
    expect(toEventId(scope, '1764000000000-12')).toBe(id);
    expect(positionOf(scope, id)).toBe('1764000000000-12');
  });

  it.each([
    ...['t3-1-1', 'u8-1-1', 'u71-1-1', 'u7-1', 'u7-1-1-1', ' u7-1-1', 'u7-1-1\n', 'u7--1-1', 'u7-1.5-1', '', undefined],
    ...['1-1', 'u7-99999999999999999999-1', 'u7-*-1', 'U7-1-1', '%00'],
  ])('of another stream or of no stream are no place: %s', (id) => {
    expect(positionOf(ALL, id)).toBeNull();
  });

  it.each(['t4-1-1', 'u7-1-1', 't33-1-1'])('of another task are no place: %s', (id) => {
    expect(positionOf(ONE, id)).toBeNull();
  });
});

describe('what some changes tell', () => {
  const change = (taskId: number, ...subtaskIds: number[]): LoggedChange => ({ id: '1-1', taskId, subtaskIds });

  it('is each row once, a task before its subtasks', () => {
    expect(rowsOf([change(3, 31), change(4), change(3, 32, 31), change(0)], ALL)).toEqual([
      { kind: 'task', id: 3 },
      { kind: 'subtask', id: 31 },
      { kind: 'subtask', id: 32 },
      { kind: 'task', id: 4 },
    ]);
  });

  it('is what the stream is about', () => {
    expect(rowsOf([change(4, 41), change(3, 31)], ONE)).toEqual([
      { kind: 'task', id: 3 },
      { kind: 'subtask', id: 31 },
    ]);
    expect(rowsOf([change(4, 41)], ONE)).toEqual([]);
  });
});

describe('a message', () => {
  it('is the event as JSON, with the id that a client resumes from', () => {
    const event = { type: 'task', task: task('text') } as const;
    const data = '{"type":"task","task":{"id":3,"title":"A title","prompt":"a\\nb","result":{"value":"text"}}}';
    expect(taskMessage(event, '')).toEqual({ id: '', data });
    expect(taskMessage(event, 'u7-1-1')).toEqual({ id: 'u7-1-1', data });
  });

  it('leaves out a result that makes it too big, and says so', () => {
    const message = taskMessage({ type: 'task', task: task('ü'.repeat(MAX_EVENT_BYTES / 2)) }, '');
    expect(parsed(message)).toEqual({ type: 'task', task: task(null), result_omitted: true });
  });

  it('keeps a result that just fits', () => {
    const rest = Buffer.byteLength(JSON.stringify({ type: 'task', task: task('') }));
    const whole = task('x'.repeat(MAX_EVENT_BYTES - rest));
    expect(parsed(taskMessage({ type: 'task', task: whole }, ''))).toEqual({ type: 'task', task: whole });
    const more = task('x'.repeat(MAX_EVENT_BYTES - rest + 1));
    expect(parsed(taskMessage({ type: 'task', task: more }, ''))).toMatchObject({ result_omitted: true });
  });

  it('does not claim to leave out what is not there', () => {
    const long = { ...task(null), prompt: 'x'.repeat(MAX_EVENT_BYTES) };
    expect(parsed(taskMessage({ type: 'task', task: long }, ''))).toEqual({ type: 'task', task: long });
  });
});
