import { index, integer, pgTable, timestamp, uuid } from 'drizzle-orm/pg-core';
import { users } from './schema.js';

/** Log-ins that can be refreshed. Deleting one ends it. */
export const refreshFamilies = pgTable(
  'refresh_families',
  {
    /** The session's id, in all of its tokens. */
    id: uuid('id').primaryKey(),
    userId: integer('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Of the one refresh token that may be used. */
    generation: integer('generation').notNull().default(0),
    /** When that token was first given out. */
    rotatedAt: timestamp('rotated_at', { withTimezone: true }).notNull().defaultNow(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('refresh_families_user_idx').on(table.userId, table.rotatedAt)],
);
