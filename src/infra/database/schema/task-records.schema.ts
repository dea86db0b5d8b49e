import { integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { subtasks, tasks } from './schema.js';

/** Which conversation a task has with the app of each of its bots. */
export const difyConversations = pgTable(
  'dify_conversations',
  {
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    botId: integer('bot_id').notNull(),
    /** Of the app's address and key: with another key it is another app, which knows nothing of the conversation. */
    fingerprint: text('fingerprint').notNull(),
    conversationId: text('conversation_id').notNull(),
    /** As whom Conch spoke: Dify finds a conversation by its user only. */
    endUser: text('end_user').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.botId] })],
);

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
