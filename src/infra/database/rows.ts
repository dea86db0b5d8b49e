import type { SQL } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { offsetOf, type Page, type PageQuery } from '../../common/page.js';
import type { Db } from './database.js';

/** Returns the first row of a query; null without one. */
export async function firstRow<Row>(query: PromiseLike<Row[]>): Promise<Row | null> {
  const [row] = await query;

  return row ?? null;
}

/** Returns the row that a write was to make. */
export async function writtenRow<Row>(query: PromiseLike<Row[]>): Promise<Row> {
  const row = await firstRow(query);
  if (!row) throw new Error('the statement wrote no row');

  return row;
}

/** Whether a query has found, or a write has changed, any row. */
export async function hasRows(query: PromiseLike<unknown[]>): Promise<boolean> {
  return (await query).length > 0;
}

/** Returns a page of the rows of a table, and how many there are. */
export async function pageOf<Table extends PgTable>(
  db: Db,
  table: Table,
  query: PageQuery,
  where: SQL | undefined,
  ...order: SQL[]
): Promise<Page<Table['$inferSelect']>> {
  const source: PgTable = table;
  const ordered = db
    .select()
    .from(source)
    .where(where)
    .orderBy(...order);

  return { total: await db.$count(source, where), items: await ordered.limit(query.limit).offset(offsetOf(query)) };
}
