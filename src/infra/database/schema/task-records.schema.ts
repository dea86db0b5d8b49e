import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, serial, text, timestamp } from 'drizzle-orm/pg-core';
import type { DifyFile } from '../../../common/contracts/dify.js';
import type { JsonObject } from '../../../common/text/json.js';
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
    /** Position of the question of its newest turn: it fits only paths with that turn. 0 fits none. */
    turn: integer('turn').notNull().default(0),
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

/** Why a queued prompt could not begin. */
export interface FollowUpFailure {
  code: string;
  message: string;
}

/** Prompts that users have queued behind a running turn. They begin in the order of their ids. */
export const followUps = pgTable(
  'follow_ups',
  {
    id: serial('id').primaryKey(),
    taskId: integer('task_id')
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    userId: integer('user_id').notNull(),
    /** Empty once it has begun: its turn has the text. */
    prompt: text('prompt').notNull(),
    /** Name of the model in place of the bot's. */
    modelId: text('model_id'),
    inputs: jsonb('inputs').$type<JsonObject>(),
    files: jsonb('files').$type<readonly DifyFile[]>(),
    /** Set when it was refused: it waits for its user then. */
    failure: jsonb('failure').$type<FollowUpFailure>(),
    /** When its turn was stored; null while it waits. */
    begunAt: timestamp('begun_at', { withTimezone: true }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('follow_ups_waiting')
      .on(table.taskId, table.id)
      .where(sql`${table.begunAt} is null`),
  ],
);
