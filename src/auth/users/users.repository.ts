import { Inject, Injectable } from '@nestjs/common';
import { asc, eq, sql } from 'drizzle-orm';
import type { Page, PageQuery } from '../../common/page.js';
import { DB, type Db, firstRow, pageOf, writtenRow } from '../../infra/database/database.js';
import { users } from '../../infra/database/schema/schema.js';
import { Statement } from '../../infra/database/statement.js';

export type UserRow = typeof users.$inferSelect;
export type NewUser = typeof users.$inferInsert;

/** Runs with every dispatched subtask. */
const FOR_EXECUTOR = new Statement<Pick<UserRow, 'userName' | 'isActive' | 'gitInfo'>, { id: number }>(
  sql`select user_name as "userName", is_active as "isActive", git_info as "gitInfo" from users
    where id = ${sql.placeholder('id')}`,
  'executor_user',
);

/** The users table. */
@Injectable()
export class UsersRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  byName(userName: string): Promise<UserRow | null> {
    return firstRow(this.db.select().from(users).where(eq(users.userName, userName)));
  }

  /** Returns what executors need of an account. @param db the caller's transaction */
  forExecutor(id: number, db: Db): Promise<Pick<UserRow, 'userName' | 'isActive' | 'gitInfo'> | null> {
    return firstRow(FOR_EXECUTOR.rows(db, { id }));
  }

  byId(id: number): Promise<UserRow | null> {
    return firstRow(this.db.select().from(users).where(eq(users.id, id)));
  }

  page(query: PageQuery): Promise<Page<UserRow>> {
    return pageOf(this.db, users, query, undefined, asc(users.id));
  }

  /** @throws a unique violation when the name is taken */
  insert(user: NewUser): Promise<UserRow> {
    return writtenRow(this.db.insert(users).values(user).returning());
  }

  /** Changes a user by its row as it is, locked meanwhile. @returns null for an unknown user */
  async change(id: number, changesOf: (row: UserRow) => Partial<NewUser>): Promise<UserRow | null> {
    return this.db.transaction(async (tx) => {
      const row = await firstRow(tx.select().from(users).where(eq(users.id, id)).for('update'));
      if (!row) return null;
      const values = { ...changesOf(row), updatedAt: new Date() };

      return firstRow(tx.update(users).set(values).where(eq(users.id, id)).returning());
    });
  }

  /** Creates a user, or changes the one of that name. Safe when several processes start at once. */
  upsert(user: NewUser): Promise<UserRow> {
    const sameName = { target: users.userName, set: { ...user, updatedAt: new Date() } };

    return writtenRow(this.db.insert(users).values(user).onConflictDoUpdate(sameName).returning());
  }
}
