import { describe, expect, it } from '@jest/globals';
import { isMasked, isSecretName, keepMaskedObject, maskObject, maskSecret } from './mask.js';

const SECRET = 'sk-abcdefgh1234';

describe('masking', () => {
  it('shows the last four characters of long secrets only', () => {
    expect([SECRET, 'sk-abcd1234x', 'sk-abcd1234', 'a', ''].map(maskSecret)).toEqual([
      '***1234',
      '***234x',
      '***',
      '***',
      '***',
    ]);
  });

  it('recognises what it made, and nothing else', () => {
    expect(['***', '***1234', maskSecret(SECRET)].map(isMasked)).toEqual([true, true, true]);
    expect(['', '**', '****12345', SECRET, 'a***1234'].map(isMasked)).toEqual([false, false, false, false, false]);
  });

  it.each([
    'API_KEY',
    'apiKey',
    'X-Auth-Token',
    'client_secret',
    'PASSWORD',
    'Authorization',
    'Cookie',
    'aws_credential',
    'DB_PASSWD',
    'MYSQL_PWD',
    'AUTH',
    'basicAuth',
    'X-Auth',
    'DB_PASS',
  ])('takes %s for a secret', (name) => expect(isSecretName(name)).toBe(true));

  it.each(['MODEL', 'base_url', 'X-Team', 'author', 'AUTHOR_NAME', 'compass', 'path', 'pattern'])(
    'does not take %s for a secret',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );

  const config = {
    bind_model: 'm',
    max_tokens: 5,
    env: {
      API_KEY: SECRET,
      EMPTY_KEY: '',
      MODEL: 'claude-x',
      custom_headers: `{"Authorization":"${SECRET}","X-A":"b"}`,
      text: '{ not json',
    },
    credentials: { user: 'a-long-user-name', list: [SECRET] },
    list: [{ token: SECRET }, 'plain'],
  };

  it('masks secrets at any depth, below secret names and in JSON text', () => {
    expect(maskObject(config)).toEqual({
      bind_model: 'm',
      max_tokens: 5,
      env: {
        API_KEY: '***1234',
        EMPTY_KEY: '',
        MODEL: 'claude-x',
        custom_headers: '{"Authorization":"***1234","X-A":"b"}',
        text: '{ not json',
      },
      credentials: { user: '***name', list: ['***1234'] },
      list: [{ token: '***1234' }, 'plain'],
    });
  });

  it('masks what looks like a secret, whatever its name', () => {
    const servers = {
      git: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-github', '--as=ghp_0123456789abcd'],
        env: { WHO: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', URL: 'https://ann:hunter2@git.example/' },
        url: 'https://mcp.example/v1',
      },
    };

    expect(maskObject(servers)).toEqual({
      git: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-github', '***abcd'],
        env: { WHO: '***dXJl', URL: '***ple/' },
        url: 'https://mcp.example/v1',
      },
    });
    expect(keepMaskedObject(maskObject(servers), servers)).toEqual(servers);
  });

  it('gets everything back from what it masked', () => {
    expect(keepMaskedObject(maskObject(config), config)).toEqual(config);
  });

  it('takes new values, keeps masked ones, and leaves out masked ones that were never stored', () => {
    const incoming = {
      API_KEY: '***1234',
      OTHER_KEY: '***5678',
      MODEL: 'new',
      NEW_KEY: 'fresh-secret-1',
      list: ['***', 'x'],
    };

    expect(keepMaskedObject(incoming, { API_KEY: SECRET, MODEL: 'old', GONE: 'x' })).toEqual({
      API_KEY: SECRET,
      MODEL: 'new',
      NEW_KEY: 'fresh-secret-1',
      list: [undefined, 'x'],
    });
  });

  it('refuses JSON text that nests too deep, and masks a stored one as a whole', () => {
    const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
    expect(() => keepMaskedObject({ env: deep }, null)).toThrow('must not be nested deeper');
    expect(maskObject({ env: deep })).toEqual({ env: '***}}}}' });
  });

  it('does not take the names that all objects have for stored ones', () => {
    expect(keepMaskedObject({ constructor: '***', toString: '***' }, {})).toEqual({});
  });

  it('leaves JSON text as it was typed when nothing in it is masked', () => {
    expect(keepMaskedObject({ headers: '{ "X-A":  "b" }' }, null)).toEqual({ headers: '{ "X-A":  "b" }' });
  });
});
