import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placePglite } from './pglite-template.js';

describe('placePglite', () => {
  let root: string;
  let directory: string;
  let template: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'conch-template-'));
    directory = join(root, 'data', 'pglite');
    template = join(root, 'template');
    mkdirSync(join(template, 'empty'), { recursive: true });
    writeFileSync(join(template, 'PG_VERSION'), '17');
  });

  afterEach(() => rmSync(root, { recursive: true }));

  it('copies the template, directories without files included', async () => {
    await placePglite(directory, template);
    expect(readdirSync(directory).sort()).toEqual(['PG_VERSION', 'empty']);
    expect(readdirSync(join(root, 'data'))).toEqual(['pglite']);
  });

  it('starts over where a process was killed while it copied', async () => {
    mkdirSync(`${directory}.new`, { recursive: true });
    writeFileSync(join(`${directory}.new`, 'half'), '');
    await placePglite(directory, template);
    expect(readdirSync(directory).sort()).toEqual(['PG_VERSION', 'empty']);
    expect(readdirSync(join(root, 'data'))).toEqual(['pglite']);
  });

  it('leaves a database that is there alone', async () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'PG_VERSION'), 'mine');
    await placePglite(directory, template);
    expect(readFileSync(join(directory, 'PG_VERSION'), 'utf8')).toBe('mine');
    expect(readdirSync(directory)).toEqual(['PG_VERSION']);
  });

  it('leaves the database to PGlite where there is no template, with a directory to put it in', async () => {
    await placePglite(directory, join(root, 'nothing'));
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(join(root, 'data'))).toBe(true);
  });
});
