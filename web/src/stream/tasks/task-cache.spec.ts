import { afterEach, describe, expect, it } from '@jest/globals';
import { queryClient } from '../../app/query-client';
import type { TaskEvent } from './live-tasks';
import { conversationsKey, taskKey, tasksKey } from '../query-keys';
import { updateTaskCaches } from './task-cache';

const row = (id: number, status = 'RUNNING', title = 'A title') => ({ id, status, title, result: 'cut' });
const told = (id: number, change: object, extra: object = {}) =>
  ({
    type: 'task',
    task: { id, status: 'RUNNING', result: 'whole', prompt: 'asked', ...change },
    ...extra,
  }) as unknown as TaskEvent;

describe('caches of tasks', () => {
  const list = [...conversationsKey, { search: '' }];

  afterEach(() => queryClient.clear());

  it('show what changed in each list that has the task, and no more fields than it had', () => {
    queryClient.setQueryData(list, { pages: [{ total: 2, items: [row(1), row(2)] }], pageParams: [1] });
    queryClient.setQueryData([...tasksKey, { page: 1 }], { total: 1, items: [row(2)] });
    updateTaskCaches(told(2, { title: 'Another' }));

    expect(queryClient.getQueryData(list)).toMatchObject({
      pages: [{ items: [row(1), { ...row(2), title: 'Another' }] }],
    });
    expect(queryClient.getQueryData([...tasksKey, { page: 1 }])).toEqual({
      total: 1,
      items: [{ ...row(2), title: 'Another' }],
    });
  });

  it('have no task that was deleted', () => {
    queryClient.setQueryData(list, { pages: [{ total: 2, items: [row(1), row(2)] }], pageParams: [1] });
    queryClient.setQueryData(taskKey(2), { ...row(2), subtasks: [] });
    updateTaskCaches(told(2, { status: 'DELETE' }));

    expect(queryClient.getQueryData(list)).toMatchObject({ pages: [{ items: [row(1)] }] });
    expect(queryClient.getQueryData(taskKey(2))).toBeUndefined();
  });

  it('keep a result that an event leaves out, and read it again', () => {
    queryClient.setQueryData(taskKey(1), { ...row(1), result: 'known', subtasks: [] });
    updateTaskCaches(told(1, { result: null, status: 'COMPLETED' }, { result_omitted: true }));

    expect(queryClient.getQueryData(taskKey(1))).toMatchObject({ status: 'COMPLETED', result: 'known' });
    expect(queryClient.getQueryState(taskKey(1))?.isInvalidated).toBe(true);
  });

  it('put a subtask in its place, and make no conversation of it that was not read', () => {
    const subtask = (id: number, value: string) => ({ id, task_id: 1, result: { value } });
    queryClient.setQueryData(taskKey(1), { ...row(1), subtasks: [subtask(1, 'a'), subtask(3, 'c')] });
    for (const each of [subtask(2, 'b'), subtask(3, 'new')])
      updateTaskCaches({ type: 'subtask', subtask: each } as unknown as TaskEvent);
    updateTaskCaches({ type: 'subtask', subtask: { ...subtask(9, 'x'), task_id: 7 } } as unknown as TaskEvent);

    expect(queryClient.getQueryData(taskKey(1))).toMatchObject({
      subtasks: [subtask(1, 'a'), subtask(2, 'b'), subtask(3, 'new')],
    });
    expect(queryClient.getQueryData(taskKey(7))).toBeUndefined();
  });

  it.each(['nothing', 'something'])('have what came while they were read, when %s was known', async (known) => {
    const page = { pages: [{ total: 1, items: [row(1)] }], pageParams: [1] };
    const detail = { ...row(1), progress: 0, subtasks: [{ id: 2, task_id: 1, progress: 0 }] };
    const bring = [
      beginToRead(list, known === 'nothing' ? undefined : page, page),
      beginToRead(taskKey(1), known === 'nothing' ? undefined : detail, detail),
    ];
    for (const progress of [20, 40])
      updateTaskCaches({ type: 'subtask', subtask: { id: 2, task_id: 1, progress } } as unknown as TaskEvent);
    updateTaskCaches(told(1, { status: 'CANCELLING' }));
    await Promise.all(bring.map((bringIt) => bringIt()));
    updateTaskCaches(told(1, { status: 'COMPLETED' }));
    await untilRead();

    expect(queryClient.getQueryData(list)).toMatchObject({ pages: [{ items: [row(1, 'COMPLETED')] }] });
    expect(queryClient.getQueryData(taskKey(1))).toMatchObject({ status: 'COMPLETED', subtasks: [{ progress: 40 }] });
  });

  it('forget what came while they were read, when they are removed meanwhile', async () => {
    const bring = beginToRead(taskKey(1), undefined, { ...row(1), subtasks: [] });
    updateTaskCaches(told(1, { status: 'COMPLETED' }));
    queryClient.removeQueries({ queryKey: taskKey(1) });
    await bring();
    await untilRead();
    queryClient.setQueryData(taskKey(1), { ...row(1), subtasks: [] });
    await untilRead();

    expect(queryClient.getQueryData(taskKey(1))).toMatchObject({ status: 'RUNNING' });
  });
});

/** Begins to read what a server has found before anything is told. @returns lets it arrive */
function beginToRead(queryKey: readonly unknown[], known: unknown, found: unknown): () => Promise<unknown> {
  let arrive = (_data: unknown): void => undefined;
  const answer = new Promise((resolve) => (arrive = resolve));
  if (known !== undefined) queryClient.setQueryData(queryKey, known);
  const reading = queryClient
    .query({ queryKey, queryFn: () => answer, staleTime: 0, gcTime: Infinity })
    .catch(() => undefined);

  return () => {
    arrive(found);

    return reading;
  };
}

/** Caches tell of changes in the next task of the loop. */
const untilRead = () => new Promise((resolve) => setTimeout(resolve, 0));
