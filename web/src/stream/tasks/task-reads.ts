import type { Query, QueryFilters } from '@tanstack/react-query';
import { queryClient } from '../../app/query-client';
import { conversationsKey, taskKey, tasksKey } from '../query-keys';
import type { TaskEvent } from './live-tasks';

type Apply = (event: TaskEvent) => void;

/** By the hash of a query that is being read: the newest event of each row that came meanwhile. */
const missed = new Map<string, Map<string, TaskEvent>>();

/**
 * Applies an event again to what is being read now, when that is there: it may have been read before the event, and
 * would hide it until the next one.
 */
export function applyAfterReads(event: TaskEvent, apply: Apply): void {
  const filters: QueryFilters[] =
    event.type === 'subtask'
      ? [{ queryKey: taskKey(event.subtask.task_id) }]
      : [{ queryKey: tasksKey }, { queryKey: conversationsKey }];
  // What was read is told a moment later: until then a newer event replaces the one that is to be applied again.
  const predicate = ({ state, queryHash }: Query) => state.fetchStatus === 'fetching' || missed.has(queryHash);
  for (const filter of filters)
    for (const query of queryClient.getQueryCache().findAll({ ...filter, predicate })) keep(query, event, apply);
}

function keep(query: Query, event: TaskEvent, apply: Apply): void {
  const row = event.type === 'task' ? `task ${event.task.id}` : `subtask ${event.subtask.id}`;
  const known = missed.get(query.queryHash);
  if (known) return void known.set(row, event);
  const events = new Map([[row, event]]);
  missed.set(query.queryHash, events);
  const stop = queryClient.getQueryCache().subscribe(({ type, query: changed }) => {
    if (changed !== query || (type !== 'removed' && query.state.fetchStatus === 'fetching')) return;
    stop();
    missed.delete(query.queryHash);
    for (const each of events.values()) apply(each);
  });
}
