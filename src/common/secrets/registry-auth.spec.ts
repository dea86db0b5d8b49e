import { describe, expect, it } from '@jest/globals';
import { loginFor, parseRegistryAuth } from './registry-auth.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const parse = (auths: object) => parseRegistryAuth(JSON.stringify({ auths, credsStore: 'desktop' }));

describe('parseRegistryAuth', () => {
  it('reads the three ways to log in', () => {
    const auth = parse({
      'registry.example:5000': { auth: base64('ann:with:colons') },
      'other.example': { username: 'bob', password: '' },
      'third.example': { auth: base64('x:y'), identitytoken: 'token' },
    });

    expect(auth.get('registry.example:5000')).toEqual({
      serveraddress: 'registry.example:5000',
      username: 'ann',
      password: 'with:colons',
    });
    expect(auth.get('other.example')).toMatchObject({ username: 'bob', password: '' });
    expect(auth.get('third.example')).toEqual({ serveraddress: 'third.example', identitytoken: 'token' });
  });

  it('knows Docker Hub by the name that docker login writes, and hosts in any case', () => {
    const auth = parse({
      'https://index.docker.io/v1/': { auth: base64('a:b') },
      'Registry.Example': { auth: base64('a:b') },
    });

    expect([...auth.keys()]).toEqual(['docker.io', 'registry.example']);
  });

  it('reads log-ins for some repositories of a registry', () => {
    const user = (username: string) => ({ username, password: 'p' });
    const auth = parse({
      'r.example/team': user('team'),
      'r.example/team/app/': user('app'),
      'o.example': user('all'),
    });
    const nameOf = (registry: string, repository: string) => loginFor(auth, { registry, repository })?.username;

    expect(nameOf('r.example', 'team/app')).toBe('app');
    expect(nameOf('R.example', 'team/app/part')).toBe('app');
    expect(nameOf('r.example', 'team/other')).toBe('team');
    expect(nameOf('r.example', 'teams/other')).toBeUndefined();
    expect(nameOf('r.example', 'stranger/app')).toBeUndefined();
    expect(nameOf('o.example', 'any/thing')).toBe('all');
    expect(auth.get('r.example/team')?.serveraddress).toBe('r.example');
  });

  it.each([
    ['no JSON', '{"auths": hunter2'],
    ['no auths', '{}'],
    ['an entry that is none', '{"auths":{"r.example":"hunter2"}}'],
    ['an entry without a log-in', '{"auths":{"r.example":{"auth":"aHVudGVyMg=="}}}'],
  ])('refuses %s without telling secrets', (_name, text) => {
    const parsing = () => parseRegistryAuth(text);

    expect(parsing).toThrow();
    expect(parsing).not.toThrow(/hunter2|aHVudGVyMg/);
  });
});
