import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PgliteClient } from './pglite-client.js';

describe('PgliteClient', () => {
  let directory: string;
  let client: PgliteClient;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'conch-pglite-'));
    client = await PgliteClient.open(directory);
    await client.query('create table words (word text)');
  });

  afterEach(async () => {
    await client.close();
    rmSync(directory, { recursive: true });
  });

  const words = async () =>
    (await client.query<{ word: string }>('select word from words')).rows.map(({ word }) => word);

  it('scans indexes in the way that marks their dead entries', async () => {
    expect((await client.query('show enable_bitmapscan')).rows).toEqual([{ enable_bitmapscan: 'off' }]);
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

  it('goes on after a query that fails', async () => {
    await expect(client.query('select nothing from nowhere')).rejects.toThrow('nowhere');
    expect(await words()).toEqual([]);
  });
});
