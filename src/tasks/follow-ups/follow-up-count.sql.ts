import { sql } from 'drizzle-orm';
import { tasks } from '../../infra/database/schema/schema.js';

/** Selects how many queued prompts of a task wait. The index of those that wait is small. */
export const FOLLOW_UP_COUNT = sql<number>`(select count(*)::int from follow_ups f
  where f.task_id = ${tasks.id} and f.begun_at is null)`;
