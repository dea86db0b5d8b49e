import { keepPreviousData, queryOptions, skipToken, useQuery } from '@tanstack/react-query';
import { api, bodyOf, type Schemas } from '../../api/client';
import { taskKey, tasksKey } from '../../stream/query-keys';
import type { PageSearch } from '../../ui/page/page-search';
import { isActive, isTaskKind, isTaskStatus, type TaskStatus } from './task-state';

export type ListedTask = Schemas['ListedTaskDto'];
export type Task = Schemas['TaskDetailDto'];
export type Subtask = Schemas['SubtaskDto'];

export const PAGE_SIZE = 25;
const DIAGNOSED_EACH_MS = 5_000;

/** The tasks that the filters in the address let through, newest first. */
export function taskListQuery({ q, status, kind, team, page }: PageSearch) {
  const query = {
    page: page ?? 1,
    limit: PAGE_SIZE,
    ...(q !== undefined && { title: q }),
    ...(isTaskStatus(status) && { status }),
    ...(isTaskKind(kind) && { task_type: kind }),
    ...(team !== undefined && { team_id: team }),
  };

  return queryOptions({
    queryKey: [...tasksKey, 'list', query],
    queryFn: () => bodyOf(api.GET('/api/tasks', { params: { query } })),
    placeholderData: keepPreviousData,
  });
}

export const taskQuery = (id: number) =>
  queryOptions({
    queryKey: taskKey(id),
    queryFn: () => bodyOf(api.GET('/api/tasks/{id}', { params: { path: { id } } })),
  });

/** A row of the list as the live events of tasks have it, when they are newer. Reads nothing itself. */
export function useLiveTask(row: ListedTask): ListedTask {
  const { data } = useQuery<Task>({ queryKey: taskKey(row.id), queryFn: skipToken });
  if (!data || data.updated_at < row.updated_at) return row;
  const { title, status, progress, error_message, updated_at, completed_at } = data;

  return { ...row, title, status, progress, error_message, updated_at, completed_at };
}

/** Why a task waits. No event tells of leases and queues, so that it is asked again while the task goes on. */
export const diagnosisQuery = (id: number, status: TaskStatus) =>
  queryOptions({
    queryKey: [...taskKey(id), 'diagnosis', status],
    queryFn: () => bodyOf(api.GET('/api/tasks/{id}/diagnosis', { params: { path: { id } } })),
    refetchInterval: isActive(status) ? DIAGNOSED_EACH_MS : false,
    placeholderData: keepPreviousData,
  });
