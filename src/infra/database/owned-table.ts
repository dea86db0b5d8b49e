import { and, desc, eq, isNull, notInArray, or, type SQL } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Owner } from '../../common/owned.js';
import { offsetOf, type Page, type PageQuery } from '../../common/page.js';
import { boundedRows, type LargeColumns, type Listed } from './bounded-rows.js';
import { type Db, firstRow, writtenRow } from './database.js';

type OwnedTable = PgTable & Record<'id' | 'userId' | 'isActive', PgColumn>;
type PublicRow = { id: number; name: string };

/** A table whose rows belong to a user, or to all: then their owner is null. Rows that are deleted stay, inactive. */
export abstract class OwnedRepository<Row extends PublicRow, NewRow extends object> {
  protected readonly active: SQL;

  /** @param large see {@link boundedRows} */
  constructor(
    protected readonly db: Db,
    private readonly rows: OwnedTable,
    private readonly large: LargeColumns<Row>,
  ) {
    this.active = eq(rows.isActive, true);
  }

  /** Whether a user may use a row; an owner of null may use the public ones. */
  protected visibleTo(userId: Owner): SQL | undefined {
    const { userId: owner } = this.rows;

    return userId === null ? isNull(owner) : or(eq(owner, userId), isNull(owner));
  }

  /** Active own and public rows: own ones first, each newest first. */
  async page(userId: number, query: PageQuery): Promise<Page<Listed<Row>>> {
    const where = and(this.active, this.visibleTo(userId));
    const order = [isNull(this.rows.userId), desc(this.rows.id)];
    const wanted = { where, order, limit: query.limit, offset: offsetOf(query) };

    return {
      total: await this.db.$count(this.rows, where),
      items: await boundedRows<Row>(this.db, this.rows, this.large, wanted),
    };
  }

  /** Returns how many active rows a user has. */
  count(userId: number): Promise<number> {
    return this.db.$count(this.rows, and(this.active, eq(this.rows.userId, userId)));
  }

  /** @throws a unique violation when the owner has an active row of that name */
  insert(values: NewRow, db: Db = this.db): Promise<Row> {
    return writtenRow(
      db
        .insert(this.rows)
        .values(values as never)
        .returning(),
    ) as Promise<Row>;
  }

  /** @returns null when there is no such row */
  update(id: number, changes: Partial<NewRow>, db: Db = this.db): Promise<Row | null> {
    const values = { ...changes, updatedAt: new Date() };
    const query = db.update(this.rows).set(values).where(eq(this.rows.id, id)).returning();

    return firstRow(query) as Promise<Row | null>;
  }

  /**
   * Replaces the public rows by those of the seeds; the others become inactive. Ids do not change.
   * @param keyOf by what a row is known again
   * @param valuesOf the values of a seed, whose row is given if there is one
   * @returns the ids by the keys
   */
  async replacePublic<Seed extends { name: string }>(
    db: Db,
    seeds: readonly Seed[],
    valuesOf: (seed: Seed, stored: Row | null) => NewRow,
    keyOf: (row: Row | Seed) => string = ({ name }) => name,
  ): Promise<Map<string, number>> {
    const isPublic = isNull(this.rows.userId);
    const all = await db.select().from(this.rows).where(isPublic).orderBy(this.rows.id);
    const stored = new Map((all as Row[]).map((row) => [keyOf(row), row]));
    const ids = new Map<string, number>();
    for (const seed of seeds) {
      const row = stored.get(keyOf(seed)) ?? null;
      const values = { ...valuesOf(seed, row), userId: null, isActive: true };
      const kept = row ? await this.update(row.id, values, db) : await this.insert(values, db);
      if (kept) ids.set(keyOf(seed), kept.id);
    }
    const vanished = ids.size > 0 ? notInArray(this.rows.id, [...ids.values()]) : undefined;
    const isGone = and(isPublic, this.active, vanished);
    await db.update(this.rows).set({ isActive: false, updatedAt: new Date() }).where(isGone);

    return ids;
  }
}
