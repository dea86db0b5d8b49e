import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { ImageCheck, ValidationStage } from '../../../common/contracts/image-validation.js';
import { users } from './schema.js';

const time = (name: string) => timestamp(name, { withTimezone: true });

/**
 * How a validation has ended: `valid` and `invalid` are verdicts; after `error` and `cancelled` nothing more is known
 * of the image than before.
 */
export type ValidationOutcome = 'valid' | 'invalid' | 'error' | 'cancelled';

/** Validations of images, running and ended: request, progress and result. */
export const imageValidations = pgTable(
  'image_validations',
  {
    id: uuid('id').primaryKey(),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Canonical name, see `common/image-reference.ts`. */
    image: text('image').notNull(),
    shellType: text('shell_type').notNull(),
    /** The shell that it was requested for; it applies to all shells of the user with this image and type. */
    shellName: text('shell_name'),
    stage: text('stage').$type<ValidationStage>().notNull().default('submitted'),
    progress: integer('progress').notNull().default(10),
    /** When each stage was reached, ISO 8601. */
    stageTimes: jsonb('stage_times').$type<Partial<Record<ValidationStage, string>>>().notNull().default({}),
    /** Null while it runs. */
    outcome: text('outcome').$type<ValidationOutcome>(),
    checks: jsonb('checks').$type<ImageCheck[]>().notNull().default([]),
    errors: jsonb('errors').$type<string[]>().notNull().default([]),
    errorMessage: text('error_message'),
    errorCode: text('error_code'),
    /** Digest of the validated image. */
    digest: text('digest'),
    /** End of its container's output. */
    logTail: text('log_tail'),
    /** Newest `seq` of the manager's run. */
    reportSeq: integer('report_seq'),
    /** Grows with every change, to order copies of the row. */
    revision: integer('revision').notNull().default(1),
    /** How often it was submitted to the manager. */
    submissions: integer('submissions').notNull().default(0),
    /** When the manager was sent an order that it may have received; null while there was none. */
    orderedAt: time('ordered_at'),
    /** Time of the last report of the manager, or call to it. */
    heardAt: time('heard_at').notNull().defaultNow(),
    /** When it ends without a verdict. */
    deadlineAt: time('deadline_at').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
    updatedAt: time('updated_at').notNull().defaultNow(),
    completedAt: time('completed_at'),
  },
  (table) => [
    uniqueIndex('image_validations_running_key')
      .on(table.userId, table.image, table.shellType)
      .where(sql`${table.outcome} is null`),
    index('image_validations_newest').on(
      table.userId,
      table.image,
      table.shellType,
      table.createdAt.desc().nullsFirst(),
    ),
    index('image_validations_by_shell').on(table.userId, table.shellName, table.createdAt.desc().nullsFirst()),
    index('image_validations_unended')
      .on(table.heardAt)
      .where(sql`${table.outcome} is null`),
  ],
);
