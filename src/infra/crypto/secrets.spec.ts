import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/app-config.js';
import { create, loadSecrets, readOrCreate } from './secrets.js';

const KEY = 'ab'.repeat(32);

describe('secrets', () => {
  let directory: string;
  const file = () => join(directory, 'secrets.json');

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'conch-secrets-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('are made once, for the owner of the process only', () => {
    const first = readOrCreate(join(directory, 'new', 'data'));
    const second = readOrCreate(join(directory, 'new', 'data'));

    expect(first.encryptionKeys).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(first.jwtSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(second).toEqual(first);
    expect(statSync(join(directory, 'new', 'data', 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'new', 'data'))).toEqual(['secrets.json']);
  });

  it('are those of the process that was first, when two make them at once', () => {
    const first = create(directory);

    expect(create(directory)).toEqual(first);
    expect(readdirSync(directory)).toEqual(['secrets.json']);
  });

  it.each([
    '',
    '{"encryptionKeys":["',
    '[]',
    '{}',
    `{"encryptionKeys":["xyz"],"jwtSecret":"${KEY}"}`,
    `{"encryptionKeys":["${KEY}"]}`,
  ])('are never replaced when the file is damaged: %s', (text) => {
    writeFileSync(file(), text);

    expect(() => readOrCreate(directory)).toThrow(`${file()} is damaged: restore it`);
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  it('come from the configuration first; keys of the file go on decrypting', () => {
    const made = readOrCreate(directory);
    const config = loadConfig({ DATA_DIR: directory, ENCRYPTION_KEY: KEY, JWT_SECRET: 'a secret of the operator' });

    expect(loadSecrets(config)).toEqual({
      encryptionKeys: [KEY, ...made.encryptionKeys],
      jwtSecret: 'a secret of the operator',
    });
  });

  it('leave the data directory alone with a database of its own', () => {
    const secrets = loadSecrets(
      loadConfig({ DATA_DIR: directory, DATABASE_URL: 'postgres://h/d', ENCRYPTION_KEY: KEY }),
    );

    expect(secrets.encryptionKeys).toEqual([KEY]);
    expect(readdirSync(directory)).toEqual([]);
  });
});
