import { messages, type PGlite, protocol, type QueryOptions, type Results } from '@electric-sql/pglite';
import { LRUCache } from 'lru-cache';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { execution } from './pglite-execution.js';

/** Statements that stay prepared; the project has some hundred, lists of different lengths included. */
const MAX_PREPARED = 300;
/** Characters whose encoding needs a millisecond or more. */
const LARGE_LENGTH = 512 * 1024;

type Message = Parameters<Parameters<protocol.Parser['parse']>[1]>[0];
type Field = messages.RowDescriptionMessage['fields'][number];

interface Statement {
  name: string;
  paramTypes: readonly number[];
  fields: readonly Field[];
}

const { serialize } = protocol;

/**
 * Queries of an embedded database as prepared statements, parsed and planned once.
 *
 * PGlite's own `query` parses and plans anew each time and crosses into WebAssembly six times: 2.1 ms for a statement
 * like the one that stores a turn; prepared, and in one crossing, it takes 0.2 ms. The messages are those of Postgres'
 * extended query protocol (PostgreSQL documentation, 55.2.3). Nothing else may be sent meanwhile: the caller decides who
 * waits.
 */
export class PgliteStatements {
  /** By text. */
  private readonly prepared = new LRUCache<string, Statement>({
    max: MAX_PREPARED,
    dispose: (statement) => this.evicted.push(statement),
  });
  /** Still prepared in the database. */
  private readonly evicted: Statement[] = [];
  private names = 0;

  constructor(private readonly database: PGlite) {}

  /** @throws DatabaseError with the `code` of Postgres */
  async query<T>(text: string, params: readonly unknown[] = [], options: QueryOptions = {}): Promise<Results<T>> {
    const statement = await this.prepare(text);
    const values = params.map((value, index) => this.toText(value, statement.paramTypes[index] ?? 0, options));
    const isLarge = values.reduce((sum, value) => sum + (value?.length ?? 0), 0) > LARGE_LENGTH;
    if (isLarge) await wholeTurn();
    const message = execution(statement.name, values);
    if (isLarge) await wholeTurn();
    const replies = await this.send(message);

    return this.toResults<T>(statement, replies, options);
  }

  /** Runs a command without parameters. @returns its tag, e.g. `COMMIT` @throws DatabaseError */
  async command(text: string): Promise<string> {
    const replies = await this.send(serialize.query(text));
    const done = replies.find((reply) => reply instanceof messages.CommandCompleteMessage);

    return done?.text ?? '';
  }

  private async prepare(text: string): Promise<Statement> {
    const known = this.prepared.get(text);
    if (known) return known;
    const statement = await this.parse(text);
    this.prepared.set(text, statement);
    await this.closeEvicted();

    return statement;
  }

  private async parse(text: string): Promise<Statement> {
    const name = `s${(this.names += 1)}`;
    const replies = await this.send(
      Buffer.concat([serialize.parse({ name, text }), serialize.describe({ type: 'S', name }), serialize.sync()]),
    );
    const params = replies.find((reply) => reply instanceof messages.ParameterDescriptionMessage);
    const rows = replies.find((reply) => reply instanceof messages.RowDescriptionMessage);

    return { name, paramTypes: params?.dataTypeIDs ?? [], fields: rows?.fields ?? [] };
  }

  private async closeEvicted(): Promise<void> {
    for (const { name } of this.evicted.splice(0)) {
      await this.send(Buffer.concat([serialize.close({ type: 'S', name }), serialize.sync()]));
    }
  }

  /** Sends by the streaming call, as PGlite's other calls keep every reply in memory. */
  private async send(message: Uint8Array): Promise<Message[]> {
    const replies: Message[] = [];
    const parser = new protocol.Parser();
    await this.database.execProtocolRawStream(message, {
      syncToFs: false,
      onRawData: (bytes) => parser.parse(bytes, (reply) => replies.push(reply)),
    });
    const error = replies.find((reply) => reply instanceof messages.DatabaseError);
    if (error) throw error;

    return replies;
  }

  private toText(value: unknown, type: number, { serializers }: QueryOptions): string | null {
    if (value === null || value === undefined) return null;
    const serializer = serializers?.[type] ?? this.database.serializers[type];

    if (serializer) return serializer(value);

    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  private toResults<T>(
    { fields }: Statement,
    replies: readonly Message[],
    { rowMode, parsers }: QueryOptions,
  ): Results<T> {
    const columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: parsers?.[dataTypeID] ?? this.database.parsers[dataTypeID],
      dataTypeID,
    }));
    const rows: unknown[] = [];
    let affectedRows = 0;
    for (const reply of replies) {
      if (reply instanceof messages.CommandCompleteMessage) affectedRows = affectedBy(reply.text);
      if (!(reply instanceof messages.DataRowMessage)) continue;
      const values = reply.fields.map((text: string | null, index) => {
        const { parse, dataTypeID } = columns[index] ?? {};

        return text === null || !parse ? text : (parse(text, dataTypeID) as unknown);
      });
      rows.push(
        rowMode === 'array' ? values : Object.fromEntries(columns.map(({ name }, index) => [name, values[index]])),
      );
    }

    return { rows: rows as T[], fields: columns.map(({ name, dataTypeID }) => ({ name, dataTypeID })), affectedRows };
  }
}

/**
 * Waits for a whole turn of the event loop, between steps that each block it for long. A single `setImmediate` within the
 * poll phase continues right after it, before timers and network.
 */
async function wholeTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Rows that a command changed, by its tag (`INSERT 0 2`, `UPDATE 3`). */
function affectedBy(tag: string): number {
  return Number(/^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(tag)?.[1] ?? 0);
}
