import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './app-config.js';

describe('the address to listen on', () => {
  it.each([['0.0.0.0'], ['::'], ['192.168.0.1'], ['example.org']])('%s is refused without authentication', (host) => {
    const load = () => loadConfig({ HOST: host, AUTH_MODE: 'off' });

    expect(load).toThrow(`HOST=${host}`);
    expect(load).toThrow('AUTH_MODE=jwt');
  });

  it.each([['127.0.0.1'], ['::1'], ['localhost']])('%s is accepted without authentication', (host) => {
    expect(loadConfig({ HOST: host, AUTH_MODE: 'off' }).server.host).toBe(host);
  });
});

it('an empty value counts as unset', () => {
  expect(loadConfig({ PORT: '', HOST: '' }).server).toMatchObject({ port: 8000, host: '127.0.0.1' });
});

describe('TRUST_PROXY', () => {
  it.each([
    [undefined, false],
    ['off', false],
    ['2', 2],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ])('%s', (value, expected) => {
    expect(loadConfig({ TRUST_PROXY: value }).server.trustProxy).toEqual(expected);
  });

  it.each([['0'], ['11'], ['true'], ['nginx'], ['10.0.0.0/33']])('%s is refused', (value) => {
    expect(() => loadConfig({ TRUST_PROXY: value })).toThrow(`TRUST_PROXY: ${value}`);
  });
});

it('images of strangers come from well-known registries, unless others are listed', () => {
  const registries = (variables: Record<string, string>) => loadConfig(variables).images.registries;

  expect(registries({ AUTH_MODE: 'jwt' })).toEqual(expect.arrayContaining(['docker.io', 'ghcr.io', 'quay.io']));
  expect(registries({ AUTH_MODE: 'jwt', SHELL_IMAGE_REGISTRIES: '*' })).toEqual(['*']);
  expect(registries({})).toEqual([]);
});
