import { getTableColumns, inArray, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Db } from './database.js';

/** Bytes of the large columns of all rows of one list, as text. A single row has less: bodies of requests are limited. */
export const MAX_LISTED_BYTES = 2 * 1024 * 1024;

/** A row of a list. Beyond {@link MAX_LISTED_BYTES} its large columns were not read: those of its table that stand in for them were. */
export type Listed<Row> = Row & { isOmitted: boolean };

/** Columns that can be large, by their names, each with what stands in for it. */
export type LargeColumns<Row> = { readonly [Name in keyof Row]?: SQL };

/** Marks an item of a list whose larger parts were left out. @param mark what such an item has besides */
export function markOmitted<Item extends object, Mark extends object>(
  item: Item,
  row: { isOmitted: boolean } | undefined,
  mark: Mark,
): Item & Partial<Mark> {
  return Object.assign(item, row?.isOmitted ? mark : {});
}

interface Wanted {
  where: SQL | undefined;
  order: SQL[];
  limit?: number;
  offset?: number;
}

/**
 * Returns the rows of a list in order. Their sizes are read first: the first rows are whole, as long as all of them together
 * stay within the limit, so that neither the process nor a reply ever has more.
 */
export async function boundedRows<Row>(
  db: Db,
  table: PgTable & { id: PgColumn },
  large: LargeColumns<Row>,
  { where, order, limit, offset = 0 }: Wanted,
): Promise<Listed<Row>[]> {
  const columns = getTableColumns(table);
  const names = Object.keys(large);
  const sizes = names.map((name) => sql`coalesce(octet_length(${columns[name]}::text), 0)`);
  const query = db
    .select({ id: table.id, size: sql<number>`${sql.join(sizes, sql` + `)}` })
    .from(table)
    .where(where)
    .orderBy(...order)
    .offset(offset)
    .$dynamic();
  const found = await (limit === undefined ? query : query.limit(limit));
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return [];
  const isWhole = inArrayOrNone(table.id, fitting(found));
  const shown = Object.fromEntries(
    Object.entries(large).map(([name, instead]) => [
      name,
      sql`case when ${isWhole} then ${columns[name]} else ${instead as SQL} end`,
    ]),
  );

  return (await db
    .select({ ...columns, ...shown, isOmitted: sql<boolean>`not (${isWhole})` })
    .from(table)
    .where(inArray(table.id, ids))
    .orderBy(...order)) as Listed<Row>[];
}

function fitting(rows: readonly { id: unknown; size: number }[]): unknown[] {
  let bytes = 0;

  return rows.filter(({ size }) => (bytes += size) <= MAX_LISTED_BYTES).map(({ id }) => id);
}

const inArrayOrNone = (column: PgColumn, ids: unknown[]): SQL => (ids.length > 0 ? inArray(column, ids) : sql`false`);
