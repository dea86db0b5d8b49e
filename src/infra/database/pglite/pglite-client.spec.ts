import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PgliteClient } from './pglite-client.js';

describe('PgliteClient', () => {
  let directory: string;
  let client: PgliteClient;

  // Once for all: making a database takes a second.
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'conch-pglite-'));
    client = await PgliteClient.open(directory);
    await client.query('create table words (word text)');
  });

  afterEach(() => client.query('delete from words'));

  afterAll(async () => {
    await client.close();
    rmSync(directory, { recursive: true });
  });

  const words = async () =>
    (await client.query<{ word: string }>('select word from words')).rows.map(({ word }) => word);

  it('scans indexes in the way that marks their dead entries', async () => {
    expect((await client.query('show enable_bitmapscan')).rows).toEqual([{ enable_bitmapscan: 'off' }]);
  });

  it('does not fill files of its log before they are used', async () => {
    expect((await client.query('show wal_init_zero')).rows).toEqual([{ wal_init_zero: 'off' }]);
  });

  it('keeps its data, and tidies up, when it is opened again', async () => {
    await client.query("insert into words values ('kept')");
    await client.close();
    client = await PgliteClient.open(directory);
    expect(await words()).toEqual(['kept']);
    const [row] = (
      await client.query<{ tuples: number }>("select reltuples as tuples from pg_class where relname = 'words'")
    ).rows;
    expect(row?.tuples).toBe(1);
  });

  it('tidies up after many queries, though some always follow', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'] });
    const busy = await PgliteClient.open(join(directory, 'busy'));
    const analyzed = async () => {
      jest.advanceTimersByTime(30_000);
      const { rows } = await busy.query<{ tuples: number }>(
        "select reltuples as tuples from pg_class where relname = 'much'",
      );

      return rows[0]?.tuples;
    };
    try {
      await busy.query('create table much (word text)');
      for (let i = 0; i < 2_000; i += 1) await busy.query('insert into much values ($1)', ['word']);
      expect(await analyzed()).toBe(-1);
      while ((await analyzed()) === -1);
      expect(await analyzed()).toBe(2_000);
    } finally {
      await busy.close();
      jest.useRealTimers();
    }
  });

  it('keeps nothing of what queries brought', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = () => {
      collect();

      return process.memoryUsage().heapUsed / 1024 ** 2;
    };
    await client.query("insert into words select repeat('word', 2500) from generate_series(1, 100)");
    await words();
    const before = held();
    for (let i = 0; i < 30; i += 1) await words();

    expect(held() - before).toBeLessThan(10);
  });

  it('does not keep the plans of an empty table when it has grown', async () => {
    await client.query('create table numbers (id int primary key)');
    // As the tables of a new database are when it is opened.
    await client.query('vacuum analyze numbers');
    const text = 'select id from numbers where id = $1';
    const wholeReads = async () => {
      // Postgres moves its counts from the first view to the second at most once a second.
      const { rows } = await client.query<{ count: number }>(
        `select (pending.seq_scan + stored.seq_scan)::int as count
           from pg_stat_xact_user_tables pending join pg_stat_user_tables stored using (relid)
          where stored.relname = 'numbers'`,
      );

      return rows[0]?.count;
    };
    const read = async (times: number) => {
      for (let i = 0; i < times; i += 1) await client.query(text, [i]);
    };
    await client.query('insert into numbers values (1)');
    await read(10);
    const before = await wholeReads();
    await read(1);
    expect(await wholeReads()).not.toBe(before);
    await client.query('insert into numbers select generate_series(2, 20000)');
    await read(200);
    const after = await wholeReads();
    await read(50);

    expect(await wholeReads()).toBe(after);
  });

  it('rolls a failed transaction back and goes on', async () => {
    const failing = client.transaction(async (session) => {
      await session.query("insert into words values ('lost')");
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await words()).toEqual([]);
  });

  it('lets nobody into a transaction that is open', async () => {
    const order: string[] = [];
    const transaction = client.transaction(async (session) => {
      await session.query('select 1');
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push('transaction');
    });
    const query = client.query('select 1').then(() => order.push('query'));
    await Promise.all([transaction, query]);
    expect(order).toEqual(['transaction', 'query']);
  });

  it('lets the event loop turn while many queries wait', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await Promise.all(Array.from({ length: 300 }, () => client.query('select count(*) from pg_class')));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('does not keep a lone query waiting for the event loop', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    let hasTurned = false;
    setImmediate(() => (hasTurned = true));
    await client.query('select 1');
    expect(hasTurned).toBe(false);
  });

  it('goes on after a query that fails', async () => {
    await expect(client.query('select nothing from nowhere')).rejects.toThrow('nowhere');
    expect(await words()).toEqual([]);
  });

  it('does not pass a transaction over in which a query had failed', async () => {
    const failing = client.transaction(async (session) => {
      await session.query("insert into words values ('lost')");
      await session.query('select nothing from nowhere').catch(() => undefined);
    });
    await expect(failing).rejects.toThrow('had failed');
    expect(await words()).toEqual([]);
  });

  it('tells the code of an error', async () => {
    await client.query('create unique index one_word on words (word)');
    const insert = () => client.query('insert into words values ($1)', ['once']);
    expect(await insert()).toMatchObject({ affectedRows: 1 });
    await expect(insert()).rejects.toMatchObject({ code: '23505', constraint: 'one_word' });
  });

  it('takes and gives values of every kind that the schema has', async () => {
    const text =
      'select $1::int as i, $2::bigint as b, $3::text as t, $4::jsonb as j, $5::boolean as f, $6::timestamptz as z, $7::text as n';
    const date = new Date('2026-01-02T03:04:05.678Z');
    const params = [1, 2 ** 40, 'é\u2028\'"', { a: [1, null] }, true, date, null];
    const row = { i: 1, b: 2 ** 40, t: 'é\u2028\'"', j: { a: [1, null] }, f: true, z: date, n: null };
    expect((await client.query(text, params)).rows).toEqual([row]);
    expect((await client.query(text, params, { rowMode: 'array' })).rows).toEqual([Object.values(row)]);
    const parsers = { 1184: (value: string) => value };
    const [shown] = (await client.query<{ z: string }>(text, params, { parsers })).rows;
    expect(shown?.z).toContain('2026-01-02');
  });

  it('keeps a bounded number of statements prepared', async () => {
    for (let i = 0; i < 400; i += 1) await client.query(`select ${i} as n`);
    const [row] = (await client.query<{ n: number }>('select count(*)::int as n from pg_prepared_statements')).rows;
    expect(row?.n).toBeLessThanOrEqual(301);
    expect((await client.query('select 0 as n')).rows).toEqual([{ n: 0 }]);
  });
});
