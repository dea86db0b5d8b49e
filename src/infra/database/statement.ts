import { DrizzleQueryError, fillPlaceholders, is, Placeholder, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { Db } from './database.js';

const dialect = new PgDialect();

type Query = Pick<ReturnType<PgDialect['sqlToQuery']>, 'sql' | 'params'>;

/**
 * A hand-written statement whose text is rendered once, not with every call: rendering costs more than sending it. What
 * differs between calls are its placeholders, `sql.placeholder('name')`. Columns have the names of the text, times are
 * Dates.
 */
export class Statement<Row, Values extends Record<string, unknown>> {
  private readonly query: Query;

  /**
   * @param name the server keeps it parsed, and after some calls planned, under this name; for which statements see
   *   `isOneOf`
   */
  constructor(
    text: SQL,
    private readonly name?: string,
  ) {
    this.query = withoutRepeatedParams(dialect.sqlToQuery(text));
  }

  /** Runs it by the driver of a database or of a transaction. @throws DrizzleQueryError, as Drizzle's own queries */
  async rows({ $client }: Pick<Db, '$client'>, given: Values): Promise<Row[]> {
    const { sql: text, params } = this.query;
    const values = fillPlaceholders([...params], given);
    try {
      const { rows } = await $client.query({ text, values, ...(this.name !== undefined && { name: this.name }) });

      return rows as Row[];
    } catch (error) {
      throw new DrizzleQueryError(text, values, error as Error);
    }
  }
}

/** Returns the query with one parameter for each placeholder, also for repeated ones. */
function withoutRepeatedParams({ sql, params: all }: Query): Query {
  const params: unknown[] = [];
  const known = new Map<string, number>();
  const numbers = all.map((param) => {
    const name = is(param, Placeholder) ? param.name : null;
    const number = (name !== null && known.get(name)) || params.push(param);
    if (name !== null) known.set(name, number);

    return number;
  });

  return { params, sql: sql.replace(/\$(\d+)/g, (_all, place) => `$${numbers[Number(place) - 1]}`) };
}
