import { describe, expect, it } from '@jest/globals';
import { engineWords } from '../runtime-errors.js';
import { clusterFailure, replyStatus } from './cluster-errors.js';

const reply = (code: number, message: string) => Object.assign(new Error('HTTP-Code'), { code, body: { message } });
const USER = 'User "system:serviceaccount:conch:manager"';

describe('clusterFailure', () => {
  it.each([
    [
      reply(
        403,
        `pods is forbidden: ${USER} cannot create resource "pods/attach" in API group "" in the namespace "x"`,
      ),
      'does not let the executor manager create pods/attach: its role must allow that',
    ],
    [reply(403, 'pods "a" is forbidden: exceeded quota: compute'), 'quota of the namespace of executors is used up'],
    [reply(403, 'pods "a" is forbidden: violates PodSecurity "restricted:latest"'), 'must be "baseline"'],
    [reply(403, 'no'), 'refuses access'],
    [reply(401, 'Unauthorized'), 'does not accept the credentials'],
    [reply(503, 'etcd'), 'has trouble (HTTP 503)'],
    [reply(422, 'Pod "a" is invalid'), 'refused a call (HTTP 422)'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'does not answer (ECONNREFUSED)'],
    [new Error('Unexpected server response: 403'), 'refuses access'],
    ['something else', 'does not answer'],
  ])('says in fixed words what %s means', (error, words) => {
    expect(clusterFailure(error).message).toContain(words);
    expect(clusterFailure(error).message).not.toContain('serviceaccount');
  });

  it('keeps the words of the server for the log, whatever form they have', () => {
    expect(engineWords(clusterFailure(reply(422, 'Pod "a" is invalid')))).toBe('Pod "a" is invalid');
    const text = Object.assign(new Error(), { code: 500, body: '{"message":"no leader"}' });
    expect(engineWords(clusterFailure(text))).toBe('no leader');
    const html = Object.assign(new Error(), { code: 502, body: '<html>' });
    expect(engineWords(clusterFailure(html))).toBe('<html>');
  });
});

describe('replyStatus', () => {
  it.each([
    [reply(404, ''), 404],
    [new Error('Unexpected server response: 400'), 400],
    [new Error('socket hang up'), undefined],
    [null, undefined],
  ])('of %s is %s', (error, status) => {
    expect(replyStatus(error)).toBe(status);
  });
});
