import type { SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { Db } from './database.js';

const dialect = new PgDialect();

/**
 * A hand-written statement whose text is made once, not with every call: that costs more than sending it. What differs
 * between calls are its placeholders, `sql.placeholder('name')`. Rows come as with `rowsOf`: names as in the text, times
 * as the driver has them.
 */
export class Statement<Row, Values extends Record<string, unknown>> {
  private readonly query: ReturnType<PgDialect['sqlToQuery']>;

  /**
   * @param name the server keeps it parsed, and after some calls planned, under this name; for which statements see
   *   `isOneOf`
   */
  constructor(
    text: SQL,
    private readonly name?: string,
  ) {
    this.query = dialect.sqlToQuery(text);
  }

  /** Runs it on the database, or within a transaction. */
  async rows(db: Pick<Db, '_'>, values: Values): Promise<Row[]> {
    const prepared = db._.session.prepareQuery(this.query, undefined, this.name, false);
    const answer: unknown = await prepared.execute(values);

    return (answer as { rows: Row[] }).rows;
  }
}
