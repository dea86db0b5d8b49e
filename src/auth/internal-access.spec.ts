import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../config/app-config.js';
import { requestSignatureOf, webhookSignatureOf } from '../common/secrets/signature.js';
import { InternalAccess, type InternalCaller } from './internal-access.js';
import { ProcessSignatures } from '../infra/redis/used-signatures.js';

const TOKEN = 'an-internal-token-of-this-test';
const NOW = 1_700_000_000;
const BODY = Buffer.from('{"subtask_id":1}');
const REQUEST = { method: 'PUT', path: '/api/executors/tasks?task_id=7' };

function access(environment: Record<string, string> = {}): InternalAccess {
  return new InternalAccess(loadConfig(environment), new ProcessSignatures());
}

const caller = (more: Partial<InternalCaller> = {}): InternalCaller => ({
  headers: { host: '127.0.0.1:8000' },
  address: '203.0.113.9',
  ...REQUEST,
  body: Buffer.alloc(0),
  ...more,
});

const signatureOf = (token: string, timestamp: number | string, body: string | Buffer) =>
  requestSignatureOf(token, timestamp, { ...REQUEST, body });

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
  ])('is %s for the header "%s"', async (expected, authorization) => {
    await expect(admits(caller({ headers: { authorization } }))).resolves.toBe(expected);
  });

  it('takes a signature of the request and the timestamp', async () => {
    await expect(admits(signed(NOW, signatureOf(TOKEN, NOW, BODY)))).resolves.toBe(true);
    await expect(admits(signed(NOW - 1, signatureOf(TOKEN, NOW - 1, BODY).toUpperCase()))).resolves.toBe(true);
    await expect(admits(signed(NOW, signatureOf(TOKEN, NOW, ''), Buffer.alloc(0)))).resolves.toBe(true);
  });

  it.each([
    ['another body', signed(NOW, signatureOf(TOKEN, NOW, BODY), Buffer.from('{"subtask_id":2}'))],
    ['another time', signed(NOW + 1, signatureOf(TOKEN, NOW, BODY))],
    ['another token', signed(NOW, signatureOf('another-token-of-this-test', NOW, BODY))],
    ['an old timestamp', signed(NOW - 301, signatureOf(TOKEN, NOW - 301, BODY))],
    ['a timestamp of the future', signed(NOW + 301, signatureOf(TOKEN, NOW + 301, BODY))],
    ['milliseconds', signed(NOW * 1000, signatureOf(TOKEN, NOW * 1000, BODY))],
    ['a timestamp that is none', signed('now', signatureOf(TOKEN, 'now', BODY))],
    ['another method', { ...signed(NOW, signatureOf(TOKEN, NOW, BODY)), method: 'POST' }],
    ['another path', { ...signed(NOW, signatureOf(TOKEN, NOW, BODY)), path: '/api/executors/tasks/dispatch' }],
    ['another query', { ...signed(NOW, signatureOf(TOKEN, NOW, BODY)), path: '/api/executors/tasks?task_id=8' }],
    ['the first version', signed(NOW, webhookSignatureOf(TOKEN, NOW, BODY))],
    ['no version', signed(NOW, signatureOf(TOKEN, NOW, BODY).slice(3))],
    ['an empty signature', signed(NOW, '')],
  ])('refuses %s', async (_case, request) => {
    await expect(admits(request)).resolves.toBe(false);
  });

  it('takes a signature once, whatever the case of its digits', async () => {
    const [time, later] = [`${NOW}.25`, `${NOW}.251`];
    const signature = signatureOf(TOKEN, time, BODY);
    await expect(admits(signed(time, signature))).resolves.toBe(true);
    await expect(admits(signed(time, signature))).resolves.toBe(false);
    await expect(admits(signed(time, signature.toUpperCase()))).resolves.toBe(false);
    await expect(admits(signed(later, signatureOf(TOKEN, later, BODY)))).resolves.toBe(true);
  });

  it('lets a wrong signature not be saved by the token or the address', async () => {
    const wrong = signed(NOW, signatureOf('another-token-of-this-test', NOW, BODY));
    await expect(admits({ ...wrong, headers: { ...wrong.headers, authorization: `Bearer ${TOKEN}` } })).resolves.toBe(
      false,
    );
    await expect(admits({ ...wrong, address: '10.1.2.3' })).resolves.toBe(false);
    await expect(admits(caller({ headers: { authorization: 'Bearer wrong' }, address: '10.1.2.3' }))).resolves.toBe(
      false,
    );
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
  ])('is %s without credentials from %s', async (expected, address) => {
    await expect(admits(caller({ address }))).resolves.toBe(expected);
  });

  it.each([['x-forwarded-for'], ['forwarded'], ['via'], ['origin']])('trusts no address behind %s', async (header) => {
    await expect(admits(caller({ address: '10.1.2.3', headers: { [header]: 'x' } }))).resolves.toBe(false);
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
  ])('is %s from %s for the host %s', async (expected, address, host) => {
    await expect(internal.admits(caller({ address, headers: { host } }))).resolves.toBe(expected);
  });

  it('does not ask this machine for credentials, and believes no others', async () => {
    const headers = { host: 'localhost', authorization: 'Bearer x' };
    await expect(internal.admits(caller({ address: '127.0.0.1', headers }))).resolves.toBe(true);
    await expect(internal.admits(caller({ address: '203.0.113.9', headers }))).resolves.toBe(false);
    await expect(internal.admits({ ...signed(NOW, signatureOf('', NOW, BODY)) }, NOW * 1000)).resolves.toBe(false);
  });
});
