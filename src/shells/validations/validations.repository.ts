import { Inject, Injectable } from '@nestjs/common';
import { and, count, desc, eq, isNull, lt, or, sql } from 'drizzle-orm';
import type { ShellRow } from '../shells.repository.js';
import { DB, type Db } from '../../infra/database/database.js';
import { imageValidations } from '../../infra/database/schema/image-validations.schema.js';
import type { ValidationChange, ValidationRow } from './validation-state.js';

export type NewValidation = typeof imageValidations.$inferInsert;
/** What a validation is about: one of them runs at a time. */
export type ValidationKey = Pick<ValidationRow, 'userId' | 'image' | 'shellType'>;

const table = imageValidations;
const unended = isNull(table.outcome);
const hasKey = ({ userId, image, shellType }: ValidationKey) =>
  and(eq(table.userId, userId), eq(table.image, image), eq(table.shellType, shellType));

/** The table of validations. */
@Injectable()
export class ValidationsRepository {
  constructor(@Inject(DB) private readonly db: Db) {}

  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    return this.db.transaction(work);
  }

  /** Adds it unless one with the same key runs. @returns null then */
  async insert(validation: NewValidation): Promise<ValidationRow | null> {
    const [row] = await this.db.insert(table).values(validation).onConflictDoNothing().returning();

    return row ?? null;
  }

  async find(id: string): Promise<ValidationRow | null> {
    const [row] = await this.db.select().from(table).where(eq(table.id, id));

    return row ?? null;
  }

  /** Returns the running one with this key. */
  async running(key: ValidationKey): Promise<ValidationRow | null> {
    const [row] = await this.db
      .select()
      .from(table)
      .where(and(hasKey(key), unended));

    return row ?? null;
  }

  async countRunning(userId: number): Promise<number> {
    const [row] = await this.db
      .select({ total: count() })
      .from(table)
      .where(and(eq(table.userId, userId), unended));

    return row?.total ?? 0;
  }

  /** Returns the newest one with a verdict. */
  async newestVerdict(key: ValidationKey): Promise<ValidationRow | null> {
    const [row] = await this.db
      .select()
      .from(table)
      .where(and(hasKey(key), sql`${table.outcome} in ('valid', 'invalid')`))
      .orderBy(desc(table.createdAt))
      .limit(1);

    return row ?? null;
  }

  /** Returns those that were requested for a shell, or are of its image; newest first. */
  async ofShell(userId: number, { name, imageRef, shellType }: ShellRow, offset: number, limit: number) {
    const byImage = imageRef === null ? undefined : and(eq(table.image, imageRef), eq(table.shellType, shellType));
    const where = and(eq(table.userId, userId), or(eq(table.shellName, name), byImage));
    const [counted] = await this.db.select({ total: count() }).from(table).where(where);
    const rows = await this.db
      .select()
      .from(table)
      .where(where)
      .orderBy(desc(table.createdAt))
      .offset(offset)
      .limit(limit);

    return { total: counted?.total ?? 0, rows };
  }

  /** Returns the row, locked until the end of the transaction. */
  async lock(tx: Db, id: string): Promise<ValidationRow | null> {
    const [row] = await tx.select().from(table).where(eq(table.id, id)).for('update');

    return row ?? null;
  }

  async update(tx: Db, { id, revision }: ValidationRow, change: ValidationChange): Promise<ValidationRow> {
    const now = new Date();
    const [row] = await tx
      .update(table)
      .set({ ...change, revision: revision + 1, updatedAt: now, heardAt: now })
      .where(eq(table.id, id))
      .returning();
    if (!row) throw new Error(`validation ${id} vanished while it was locked`);

    return row;
  }

  /** Records that the manager has reported. */
  async touch(tx: Db, id: string): Promise<void> {
    await tx.update(table).set({ heardAt: new Date() }).where(eq(table.id, id));
  }

  /** Records that it is submitted now. @returns null when it has ended */
  async beginSubmission(id: string): Promise<ValidationRow | null> {
    const change = { submissions: sql`${table.submissions} + 1`, heardAt: new Date(), reportSeq: null };
    const [row] = await this.db
      .update(table)
      .set(change)
      .where(and(eq(table.id, id), unended))
      .returning();

    return row ?? null;
  }

  /** Returns running ones that are overdue. */
  async overdue(now: Date, limit: number): Promise<ValidationRow[]> {
    return this.db
      .select()
      .from(table)
      .where(and(unended, lt(table.deadlineAt, now)))
      .limit(limit);
  }

  /** Returns running ones without a report since a time, longest silence first. */
  async silent(since: Date, limit: number): Promise<ValidationRow[]> {
    return this.db
      .select()
      .from(table)
      .where(and(unended, lt(table.heardAt, since)))
      .orderBy(table.heardAt)
      .limit(limit);
  }
}
