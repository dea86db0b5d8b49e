import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { subtasks } from './schema.js';

/** Ids of executors' reports that were applied, so that a replay is known. Gone with the end of the subtask. */
export const executorEvents = pgTable(
  'executor_events',
  {
    subtaskId: integer('subtask_id')
      .notNull()
      .references(() => subtasks.id, { onDelete: 'cascade' }),
    eventId: text('event_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.subtaskId, table.eventId] })],
);
