import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './app-config.js';
import { SECRETS } from './secret-files.js';

describe('secrets in files', () => {
  let directory: string;
  const file = (content: string) => {
    const path = join(directory, 'secret');
    writeFileSync(path, content);

    return path;
  };

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('are used without blanks around them', () => {
    const path = file('  sixteen characters \n');
    expect(loadConfig({ JWT_SECRET_FILE: path, JWT_SECRET: '' }).auth.jwtSecret).toBe('sixteen characters');
  });

  it('have the rules of their variable', () => {
    expect(() => loadConfig({ JWT_SECRET_FILE: file('short') })).toThrow('JWT_SECRET must be longer');
    expect(loadConfig({ OPENAI_API_KEY_FILE: file('\n') }).seeds.openaiApiKey).toBeUndefined();
  });

  it.each(SECRETS)('%s is set once', (name) => {
    const load = () => loadConfig({ [name]: 'value', [`${name}_FILE`]: file('secret content') });

    expect(load).toThrow(`${name} and ${name}_FILE exclude each other`);
    expect(load).not.toThrow('secret content');
  });

  it('are reported when they cannot be read', () => {
    const path = join(directory, 'missing');
    expect(() => loadConfig({ ADMIN_PASSWORD_FILE: path, REDIS_URL_FILE: directory })).toThrow(
      new RegExp(
        `ADMIN_PASSWORD_FILE: ${path} cannot be read \\(ENOENT\\)[^]*REDIS_URL_FILE: .* \\(EISDIR\\)|REDIS_URL_FILE[^]*ADMIN_PASSWORD_FILE: ${path} cannot be read \\(ENOENT\\)`,
      ),
    );
  });
});
