import { Inject, Injectable } from '@nestjs/common';
import { asc, count, eq, sql } from 'drizzle-orm';
import { DB, type Db } from '../infra/database/database.js';
import { users } from '../infra/database/schema/schema.js';
import { Statement } from '../infra/database/statement.js';

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

  async byName(userName: string): Promise<UserRow | null> {
    const [row] = await this.db.select().from(users).where(eq(users.userName, userName));

    return row ?? null;
  }

  /** Returns what executors need of an account. @param db the caller's transaction */
  async forExecutor(id: number, db: Db): Promise<Pick<UserRow, 'userName' | 'isActive' | 'gitInfo'> | null> {
    const [row] = await FOR_EXECUTOR.rows(db, { id });

    return row ?? null;
  }

  async byId(id: number): Promise<UserRow | null> {
    const [row] = await this.db.select().from(users).where(eq(users.id, id));

    return row ?? null;
  }

  async page(offset: number, limit: number): Promise<{ total: number; rows: UserRow[] }> {
    const [counted] = await this.db.select({ total: count() }).from(users);
    const rows = await this.db.select().from(users).orderBy(asc(users.id)).offset(offset).limit(limit);

    return { total: counted?.total ?? 0, rows };
  }

  /** @throws a unique violation when the name is taken */
  async insert(user: NewUser): Promise<UserRow> {
    const [row] = await this.db.insert(users).values(user).returning();
    if (!row) throw new Error('insert returned no row');

    return row;
  }

  /** Changes a user by its row as it is, locked meanwhile. @returns null for an unknown user */
  async change(id: number, changesOf: (row: UserRow) => Partial<NewUser>): Promise<UserRow | null> {
    return this.db.transaction(async (tx) => {
      const [row] = await tx.select().from(users).where(eq(users.id, id)).for('update');
      if (!row) return null;
      const values = { ...changesOf(row), updatedAt: new Date() };
      const [changed] = await tx.update(users).set(values).where(eq(users.id, id)).returning();

      return changed ?? null;
    });
  }

  /** Creates a user, or changes the one of that name. Safe when several processes start at once. */
  async upsert(user: NewUser): Promise<UserRow> {
    const [row] = await this.db
      .insert(users)
      .values(user)
      .onConflictDoUpdate({ target: users.userName, set: { ...user, updatedAt: new Date() } })
      .returning();
    if (!row) throw new Error('upsert returned no row');

    return row;
  }
}
