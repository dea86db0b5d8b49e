import { type SQL, sql } from 'drizzle-orm';

/**
 * Rank of an answer that enters a dispatch queue, by start-time fair queueing: behind what its user has waiting there, but
 * never behind the whole backlog of other users.
 */
export function rankIn(lane: SQL, userId: SQL): SQL {
  const queued = sql`o.lane = ${lane} and o.status = 'PENDING' and o.fair_rank is not null`;

  return sql`greatest(
    coalesce((select min(o.fair_rank) from subtasks o where ${queued}), 0),
    coalesce((select max(o.fair_rank) + 1 from subtasks o where o.user_id = ${userId} and ${queued}), 0))`;
}
