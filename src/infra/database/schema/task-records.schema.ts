import { integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { subtasks, tasks, users } from './schema.js';

/** Ids that `POST /api/tasks` has reserved for a caller and that no task uses yet. */
export const taskReservations = pgTable('task_reservations', {
  taskId: integer('task_id').primaryKey(),
  userId: integer('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' }),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
});

/** Conversations of tasks with the apps of their bots. */
export const difyConversations = pgTable(
  'dify_conversations',
  {
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    botId: integer('bot_id').notNull(),
    /** Fingerprint of the app's address and key: another key is another app, without this conversation. */
    fingerprint: text('fingerprint').notNull(),
    conversationId: text('conversation_id').notNull(),
    /** User of the conversation: Dify finds a conversation by its user only. */
    endUser: text('end_user').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.taskId, table.botId] })],
);

/** Ids of applied reports of executors, to detect replays. Deleted at the end of the subtask. */
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
