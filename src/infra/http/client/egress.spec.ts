import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { AppError } from '../../../common/app-error.js';
import { EgressPolicy, guardedLookup, type ResolveAll } from './egress.js';

const policy = (allow: string[] = [], allowLoopback = false) => new EgressPolicy({ allow, allowLoopback });

const resolver =
  (...addresses: string[]): ResolveAll =>
  (_hostname, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

/** What a socket would be told. */
function lookUp(egress: EgressPolicy, resolve: ResolveAll, all = true): Promise<string | LookupAddress[]> {
  return new Promise((ok, fail) => {
    guardedLookup(egress, resolve)('api.example', { all }, (error, found) => (error ? fail(error) : ok(found)));
  });
}

describe('addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'lets public %s pass',
    (address) => expect(policy().allowsAddress(address)).toBe(true),
  );

  it.each([
    ...['127.0.0.1', '::1', '0.0.0.0', '::', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', '100.100.100.200'],
    ...['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '168.63.129.16', '224.0.0.1', 'ff02::1', '255.255.255.255'],
    ...['192.0.2.1', '198.18.0.1', '240.0.0.1', '2001:db8::1', 'fec0::1', '2001::1', '4000::1'],
    ...[
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::a00:1',
      '2002:a00:1::',
      '::ffff:0:a00:1',
    ],
    ...['not an address', '', '127.1'],
  ])('refuses %s', (address) => expect(policy().allowsAddress(address)).toBe(false));

  it('opens loopback only when told to, in all its forms', () => {
    const local = policy([], true);
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1']) {
      expect(local.allowsAddress(address)).toBe(true);
    }
    expect(local.allowsAddress('10.0.0.1')).toBe(false);
    expect(local.allowsAddress('0.0.0.0')).toBe(false);
  });

  it('opens what a CIDR or an address names, embedded forms included', () => {
    const some = policy(['10.1.0.0/16', '192.168.1.7', 'fd00::/8']);
    for (const address of ['10.1.255.1', '::ffff:10.1.2.3', '192.168.1.7', 'fd12::1']) {
      expect(some.allowsAddress(address)).toBe(true);
    }
    for (const address of ['10.2.0.1', '192.168.1.8', 'fe80::1']) expect(some.allowsAddress(address)).toBe(false);
  });

  it('refuses a malformed CIDR at construction', () => {
    expect(() => policy(['10.0.0.0/33'])).toThrow(/EGRESS_ALLOW.*10\.0\.0\.0\/33/);
  });
});

describe('hosts', () => {
  it('checks literal addresses, in brackets too', () => {
    expect(() => policy().assertHost('10.0.0.1')).toThrow(AppError);
    expect(() => policy().assertHost('[::1]')).toThrow(/::1.*EGRESS_ALLOW/);
    expect(() => policy([], true).assertHost('[::1]')).not.toThrow();
    expect(() => policy().assertHost('api.example')).not.toThrow();
  });

  it('lets every address of a listed name pass, whatever its case or final dot', async () => {
    const listed = policy(['Ollama.internal.']);
    expect(listed.allowsHost('ollama.INTERNAL')).toBe(true);
    expect(listed.allowsHost('evil.internal')).toBe(false);
    expect(await lookUp(policy(['api.example']), resolver('10.0.0.1'))).toEqual([{ address: '10.0.0.1', family: 4 }]);
  });
});

describe('guardedLookup', () => {
  it('gives only the allowed addresses of a name', async () => {
    const found = await lookUp(policy(), resolver('10.0.0.1', '8.8.8.8', '::1'));
    expect(found).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(await lookUp(policy(), resolver('10.0.0.1', '8.8.8.8'), false)).toBe('8.8.8.8');
  });

  it('refuses a name that resolves to private addresses only', async () => {
    await expect(lookUp(policy(), resolver('127.0.0.1', '::1'))).rejects.toMatchObject({
      code: 'provider_blocked',
      retryable: false,
      message: expect.stringMatching(/api\.example.*EGRESS_ALLOW/),
    });
  });

  it('passes errors of the resolver on', async () => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    await expect(lookUp(policy(), (_h, _o, callback) => callback(failure, []))).rejects.toBe(failure);
  });
});
