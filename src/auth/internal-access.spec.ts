import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../config/app-config.js';
import { signatureOf } from '../common/signature.js';
import { InternalAccess, type InternalCaller } from './internal-access.js';

const TOKEN = 'an-internal-token-of-this-test';
const NOW = 1_700_000_000;
const BODY = Buffer.from('{"subtask_id":1}');

function access(environment: Record<string, string> = {}): InternalAccess {
  return new InternalAccess(loadConfig(environment));
}

const caller = (more: Partial<InternalCaller> = {}): InternalCaller => ({
  headers: { host: '127.0.0.1:8000' },
  address: '203.0.113.9',
  body: Buffer.alloc(0),
  ...more,
});

const signed = (timestamp: number | string, signature: string, body = BODY) =>
  caller({ headers: { 'x-conch-timestamp': String(timestamp), 'x-conch-signature': signature }, body });

describe('with a token', () => {
  const internal = access({ INTERNAL_API_TOKEN: TOKEN, INTERNAL_ALLOW: '10.0.0.0/8,2001:db8::/32,192.0.2.7' });
  const admits = (request: InternalCaller) => internal.admits(request, NOW * 1000);

  it.each([
    [true, `Bearer ${TOKEN}`],
    [true, `bearer  ${TOKEN} `],
    [false, `Bearer ${TOKEN}x`],
    [false, `Bearer ${TOKEN.slice(0, -1)}`],
    [false, 'Bearer '],
    [false, TOKEN],
    [false, `Basic ${TOKEN}`],
  ])('is %s for the header "%s"', (expected, authorization) => {
    expect(admits(caller({ headers: { authorization } }))).toBe(expected);
  });

  it('takes a signature of the raw bytes and the timestamp', () => {
    expect(admits(signed(NOW, signatureOf(TOKEN, NOW, BODY)))).toBe(true);
    expect(admits(signed(NOW, signatureOf(TOKEN, NOW, BODY).toUpperCase()))).toBe(true);
    expect(admits(signed(NOW, signatureOf(TOKEN, NOW, ''), Buffer.alloc(0)))).toBe(true);
  });

  it.each([
    ['another body', signed(NOW, signatureOf(TOKEN, NOW, BODY), Buffer.from('{"subtask_id":2}'))],
    ['another time', signed(NOW + 1, signatureOf(TOKEN, NOW, BODY))],
    ['another token', signed(NOW, signatureOf('another-token-of-this-test', NOW, BODY))],
    ['an old timestamp', signed(NOW - 301, signatureOf(TOKEN, NOW - 301, BODY))],
    ['a timestamp of the future', signed(NOW + 301, signatureOf(TOKEN, NOW + 301, BODY))],
    ['milliseconds', signed(NOW * 1000, signatureOf(TOKEN, NOW * 1000, BODY))],
    ['a timestamp that is none', signed('now', signatureOf(TOKEN, 'now', BODY))],
    ['no version', signed(NOW, signatureOf(TOKEN, NOW, BODY).slice(3))],
    ['an empty signature', signed(NOW, '')],
  ])('refuses %s', (_case, request) => {
    expect(admits(request)).toBe(false);
  });

  it('lets a wrong signature not be saved by the token or the address', () => {
    const wrong = signed(NOW, signatureOf('another-token-of-this-test', NOW, BODY));
    expect(admits({ ...wrong, headers: { ...wrong.headers, authorization: `Bearer ${TOKEN}` } })).toBe(false);
    expect(admits({ ...wrong, address: '10.1.2.3' })).toBe(false);
    expect(admits(caller({ headers: { authorization: 'Bearer wrong' }, address: '10.1.2.3' }))).toBe(false);
  });

  it.each([
    [true, '10.1.2.3'],
    [true, '::ffff:10.1.2.3'],
    [true, '2001:db8::7'],
    [true, '192.0.2.7'],
    [false, '192.0.2.8'],
    [false, '11.0.0.1'],
    [false, '127.0.0.1'],
    [false, '::1'],
    [false, 'not an address'],
    [false, undefined],
  ])('is %s without credentials from %s', (expected, address) => {
    expect(admits(caller({ address }))).toBe(expected);
  });

  it.each([['x-forwarded-for'], ['forwarded'], ['via'], ['origin']])('trusts no address behind %s', (header) => {
    expect(admits(caller({ address: '10.1.2.3', headers: { [header]: 'x' } }))).toBe(false);
  });
});

describe('without a token', () => {
  const internal = access();

  it.each([
    [true, '127.0.0.1', 'localhost:8000'],
    [true, '::ffff:127.0.0.1', '127.0.0.1'],
    [true, '::1', '[::1]:8000'],
    [false, '127.0.0.1', 'evil.example'],
    [false, '10.0.0.1', 'localhost'],
    [false, undefined, 'localhost'],
  ])('is %s from %s for the host %s', (expected, address, host) => {
    expect(internal.admits(caller({ address, headers: { host } }))).toBe(expected);
  });

  it('does not ask this machine for credentials, and believes no others', () => {
    const headers = { host: 'localhost', authorization: 'Bearer x' };
    expect(internal.admits(caller({ address: '127.0.0.1', headers }))).toBe(true);
    expect(internal.admits(caller({ address: '203.0.113.9', headers }))).toBe(false);
    expect(internal.admits({ ...signed(NOW, signatureOf('', NOW, BODY)) }, NOW * 1000)).toBe(false);
  });
});
