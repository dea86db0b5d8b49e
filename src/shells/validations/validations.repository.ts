import { Inject, Injectable } from '@nestjs/common';
import { and, desc, eq, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { ShellRow } from '../shells.repository.js';
import { offsetOf, type Page, type PageQuery } from '../../common/page.js';
import { boundedRows, type LargeColumns, type Listed } from '../../infra/database/bounded-rows.js';
import { DB, type Db, firstRow, writtenRow } from '../../infra/database/database.js';
import { imageValidations } from '../../infra/database/schema/image-validations.schema.js';
import type { ValidationChange, ValidationRow } from './validation-state.js';

export type NewValidation = typeof imageValidations.$inferInsert;
/** What a validation is about: one of them runs at a time. */
export type ValidationKey = Pick<ValidationRow, 'userId' | 'image' | 'shellType'>;

const table = imageValidations;
const LARGE: LargeColumns<ValidationRow> = { checks: sql`'[]'::jsonb`, errors: sql`'[]'::jsonb`, logTail: sql`null` };
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
  insert(validation: NewValidation): Promise<ValidationRow | null> {
    return firstRow(this.db.insert(table).values(validation).onConflictDoNothing().returning());
  }

  find(id: string): Promise<ValidationRow | null> {
    return firstRow(this.rows(eq(table.id, id)));
  }

  /** Returns the running one with this key. */
  running(key: ValidationKey): Promise<ValidationRow | null> {
    return firstRow(this.rows(and(hasKey(key), unended)));
  }

  countRunning(userId: number): Promise<number> {
    return this.db.$count(table, and(eq(table.userId, userId), unended));
  }

  /** Returns the newest one with a verdict. */
  newestVerdict(key: ValidationKey): Promise<ValidationRow | null> {
    const where = and(hasKey(key), sql`${table.outcome} in ('valid', 'invalid')`);

    return firstRow(this.rows(where).orderBy(desc(table.createdAt)).limit(1));
  }

  /** Returns those that were requested for a shell, or are of its image; newest first. */
  async ofShell(
    userId: number,
    { name, imageRef, shellType }: ShellRow,
    query: PageQuery,
  ): Promise<Page<Listed<ValidationRow>>> {
    const byImage = imageRef === null ? undefined : and(eq(table.image, imageRef), eq(table.shellType, shellType));
    const where = and(eq(table.userId, userId), or(eq(table.shellName, name), byImage));

    const wanted = { where, order: [desc(table.createdAt)], limit: query.limit, offset: offsetOf(query) };

    return {
      total: await this.db.$count(table, where),
      items: await boundedRows<ValidationRow>(this.db, table, LARGE, wanted),
    };
  }

  /** Returns the row, locked until the end of the transaction. */
  lock(tx: Db, id: string): Promise<ValidationRow | null> {
    return firstRow(tx.select().from(table).where(eq(table.id, id)).for('update'));
  }

  update(tx: Db, { id, revision }: ValidationRow, change: ValidationChange): Promise<ValidationRow> {
    const now = new Date();
    const values = { ...change, revision: revision + 1, updatedAt: now, heardAt: now };

    return writtenRow(tx.update(table).set(values).where(eq(table.id, id)).returning());
  }

  /** Records that the manager has reported. */
  async touch(tx: Db, id: string): Promise<void> {
    await tx.update(table).set({ heardAt: new Date() }).where(eq(table.id, id));
  }

  /** Records that it is submitted now. @returns null when it has ended */
  beginSubmission(id: string): Promise<ValidationRow | null> {
    const change = { submissions: sql`${table.submissions} + 1`, heardAt: new Date(), reportSeq: null };
    const where = and(eq(table.id, id), unended);

    return firstRow(this.db.update(table).set(change).where(where).returning());
  }

  /** Records that an order is sent to the manager, or (null) that it has certainly not received one. */
  async setOrdered(id: string, orderedAt: Date | null): Promise<void> {
    await this.db.update(table).set({ orderedAt }).where(eq(table.id, id));
  }

  /** Returns running ones that are overdue. */
  overdue(now: Date, limit: number): Promise<ValidationRow[]> {
    return this.rows(and(unended, lt(table.deadlineAt, now))).limit(limit);
  }

  /** Returns running ones without a report since a time, longest silence first. */
  silent(since: Date, limit: number): Promise<ValidationRow[]> {
    return this.rows(and(unended, lt(table.heardAt, since)))
      .orderBy(table.heardAt)
      .limit(limit);
  }

  private rows(where: SQL | undefined) {
    return this.db.select().from(table).where(where).$dynamic();
  }
}
