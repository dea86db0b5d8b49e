import { is, Placeholder, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { Db } from './database.js';

const dialect = new PgDialect();

type Query = ReturnType<PgDialect['sqlToQuery']>;

/**
 * A hand-written statement whose text is made once, not with every call: that costs more than sending it. What differs
 * between calls are its placeholders, `sql.placeholder('name')`. Rows come as with `rowsOf`: names as in the text, times
 * as the driver has them.
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
    this.query = sendingOnce(dialect.sqlToQuery(text));
  }

  /** Runs it on the database, or within a transaction. */
  async rows(db: Pick<Db, '_'>, values: Values): Promise<Row[]> {
    const prepared = db._.session.prepareQuery(this.query, undefined, this.name, false);
    const answer: unknown = await prepared.execute(values);

    return (answer as { rows: Row[] }).rows;
  }
}

/** The same query with each placeholder as one parameter, in however many places it stands. */
function sendingOnce(query: Query): Query {
  const params: unknown[] = [];
  const known = new Map<string, number>();
  const numbers = query.params.map((param) => {
    const name = is(param, Placeholder) ? param.name : null;
    const number = (name !== null && known.get(name)) || params.push(param);
    if (name !== null) known.set(name, number);

    return number;
  });

  return { ...query, params, sql: query.sql.replace(/\$(\d+)/g, (_all, place) => `$${numbers[Number(place) - 1]}`) };
}
