import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PgliteClient } from './pglite-client.js';

/** Parameters of a statement at most: their number has 16 bits. */
const MAX_VALUES = 65_535;

describe('execution', () => {
  let directory: string;
  let client: PgliteClient;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'conch-execution-'));
    client = await PgliteClient.open(directory);
  });

  afterAll(async () => {
    await client.close();
    rmSync(directory, { recursive: true });
  });

  /** What the database says of values that it was given. */
  async function returned(values: readonly (string | null)[]): Promise<unknown> {
    const places = values.map((_value, index) => `$${index + 1}::text`);

    return (await client.query<{ said: unknown }>(`select array[${places.join()}]::text[] as said`, [...values]))
      .rows[0]?.said;
  }

  it('brings every text to the database as it is, and null as null', async () => {
    const text = fc.string({ unit: 'binary' }).map((raw) => raw.toWellFormed().replaceAll('\0', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { minLength: 1 }), async (values) => {
        expect(await returned(values)).toEqual(values);
      }),
    );
  });

  it('brings megabytes', async () => {
    const text = 'größer 🐚'.repeat(300_000);
    const { rows } = await client.query<{ same: boolean }>(
      'select md5($1) = md5($2) and octet_length($1) = $3 as same',
      [text, text, Buffer.byteLength(text)],
    );

    expect(rows).toEqual([{ same: true }]);
  });

  it('takes as many values as a statement can have', async () => {
    const values = Array.from({ length: MAX_VALUES }, (_value, index) => index);
    const places = values.map((_value, index) => `($${index + 1}::int)`);
    const { rows } = await client.query(`select sum(v)::int as sum from (values ${places.join()}) as list(v)`, values);

    expect(rows).toEqual([{ sum: (MAX_VALUES * (MAX_VALUES - 1)) / 2 }]);
  });
});
