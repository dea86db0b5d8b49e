import type { InfiniteData, Query } from '@tanstack/react-query';
import type { Schemas } from '../../api/client';
import { queryClient } from '../../app/query-client';
import type { TaskEvent } from './live-tasks';
import { conversationsKey, taskKey, tasksKey } from '../query-keys';
import { applyAfterReads } from './task-reads';

/** Lists are read again at most this often. */
const REFRESH_MS = 1_000;

interface Row {
  id: number;
  status: string;
}
interface Page {
  total: number;
  items: Row[];
}
type Detail = Schemas['TaskDetailDto'];
type Task = Schemas['TaskDto'];

/** Brings one event into all caches that show tasks, so that no page asks again and again. */
export function updateTaskCaches(event: TaskEvent): void {
  apply(event);
  applyAfterReads(event, apply);
}

function apply(event: TaskEvent): void {
  if (event.type === 'subtask') return updateSubtask(event.subtask, event.result_omitted === true);
  updateDetail(event.task, event.result_omitted === true);
  const isKnown = [conversationsKey, tasksKey].map((queryKey) => updateLists(queryKey, event.task));
  if (isKnown.includes(false)) refreshLists();
}

function updateDetail(task: Task, isOmitted: boolean): void {
  const queryKey = taskKey(task.id);
  if (task.status === 'DELETE') return queryClient.removeQueries({ queryKey });
  queryClient.setQueryData<Detail>(queryKey, (detail) => {
    if (!detail) return undefined;

    return { ...detail, ...task, ...(isOmitted && { result: detail.result }) };
  });
  if (isOmitted) void queryClient.invalidateQueries({ queryKey });
}

function updateSubtask(subtask: Schemas['SubtaskDto'], isOmitted: boolean): void {
  const queryKey = taskKey(subtask.task_id);
  queryClient.setQueryData<Detail>(queryKey, (detail) => {
    if (!detail) return undefined;
    const known = detail.subtasks.find(({ id }) => id === subtask.id);
    const row = { ...known, ...subtask, ...(isOmitted && { result: known?.result ?? null }) };
    const others = detail.subtasks.filter(({ id }) => id !== subtask.id);

    return { ...detail, subtasks: [...others, row].sort((a, b) => a.id - b.id) };
  });
  if (isOmitted) void queryClient.invalidateQueries({ queryKey });
}

/** @returns whether no list has to be read again */
function updateLists(queryKey: readonly string[], task: Task): boolean {
  let isKnown = true;
  const lists = queryClient.getQueriesData<Page | InfiniteData<Page>>({ queryKey });
  for (const [key, data] of lists) {
    if (!isList(data)) continue;
    const before = pagesOf(data).flatMap(({ items }) => items);
    const row = before.find(({ id }) => id === task.id);
    isKnown &&= row?.status === task.status || (row === undefined && task.status === 'DELETE');
    if (row) queryClient.setQueryData(key, withTask(data, task));
  }

  return isKnown;
}

const isList = (data: unknown): data is Page | InfiniteData<Page> =>
  typeof data === 'object' && data !== null && ('items' in data || 'pages' in data);

const isListQuery = ({ queryKey: [root], state: { data } }: Query): boolean =>
  root === conversationsKey[0] || (root === tasksKey[0] && isList(data));

const pagesOf = (data: Page | InfiniteData<Page>): Page[] => ('pages' in data ? data.pages : [data]);

function withTask(data: Page | InfiniteData<Page>, task: Task): Page | InfiniteData<Page> {
  return 'pages' in data
    ? { ...data, pages: data.pages.map((page) => pageWithTask(page, task)) }
    : pageWithTask(data, task);
}

function pageWithTask(page: Page, task: Task): Page {
  if (task.status === 'DELETE') return { ...page, items: page.items.filter(({ id }) => id !== task.id) };

  return { ...page, items: page.items.map((row) => (row.id === task.id ? withChanges(row, task) : row)) };
}

/** Rows of lists have some fields of the task: those are replaced. Results stay as the list has cut them. */
function withChanges(row: Row, task: Task): Row {
  const { result: _result, ...fields } = task;
  const changed = Object.entries(fields).filter(([name]) => name in row);

  return { ...row, ...Object.fromEntries(changed) };
}

let timer: ReturnType<typeof setTimeout> | null = null;

/** A task is new, or has moved to another place or filter. */
function refreshLists(): void {
  timer ??= setTimeout(() => {
    timer = null;
    // Reading again would cancel what is being read, like the next page of a reader who scrolls.
    if (queryClient.isFetching({ predicate: isListQuery }) > 0) return refreshLists();
    void queryClient.invalidateQueries({ predicate: isListQuery });
  }, REFRESH_MS);
}
