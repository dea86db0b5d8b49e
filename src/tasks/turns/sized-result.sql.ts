import { sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { SubtaskResult } from '../../infra/database/schema/schema.js';

/**
 * Selects a result unless it is larger than `maxBytes`, as JSON text: a larger one is not read. Its stored size is looked at
 * first, which costs nothing; only a small value is turned into text, which would bring megabytes into memory otherwise.
 */
export function sizedResult(column: PgColumn, maxBytes: number) {
  const isBig = sql`case when pg_column_size(${column}) > ${maxBytes} then true
    else coalesce(octet_length(${column}::text), 0) > ${maxBytes} end`;

  return {
    result: sql<SubtaskResult | null>`case when ${isBig} then null else ${column} end`,
    isOmitted: sql<boolean>`${isBig}`,
  };
}

/** Says that a result was left out; nothing otherwise. */
export const omission = (isOmitted: boolean): { result_omitted?: true } => (isOmitted ? { result_omitted: true } : {});
