import { describe, expect, it } from '@jest/globals';
import { requireLoopback } from './loopback.js';

describe('requireLoopback', () => {
  it.each(['localhost', 'LocalHost:1', '127.0.0.1:8000', '127.9.9.9', '[::1]', '[::1]:8000', '[::ffff:127.0.0.1]:80'])(
    'lets the host %s pass',
    (host) => expect(() => requireLoopback({ host })).not.toThrow(),
  );

  it.each([
    undefined,
    '',
    ':8000',
    'example.org',
    'localhost.example.org',
    'localhost:80:80',
    'localhost@example.org',
    '127.0.0.1.nip.io',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
    '[::1',
    '::1',
    'localhost,example.org',
  ])('refuses the host %p', (host) => {
    expect(() => requireLoopback(host === undefined ? {} : { host })).toThrow('DNS rebinding');
  });

  it.each(['http://localhost', 'https://127.0.0.1:5173', 'http://[::1]:3000'])('lets the origin %s pass', (origin) => {
    expect(() => requireLoopback({ host: 'localhost', origin })).not.toThrow();
  });

  it('refuses what another site loads without an origin, but not what was typed', () => {
    expect(() => requireLoopback({ host: 'localhost', 'sec-fetch-site': 'cross-site' })).toThrow('cross-site');
    for (const site of ['none', 'same-origin', 'same-site'])
      expect(() => requireLoopback({ host: 'localhost', 'sec-fetch-site': site })).not.toThrow();
    const origin = 'http://127.0.0.1:5173';
    expect(() => requireLoopback({ host: 'localhost', origin, 'sec-fetch-site': 'cross-site' })).not.toThrow();
  });

  it.each([
    'null',
    '',
    'https://example.org',
    'http://localhost.example.org',
    'http://localhost@example.org',
    'file://',
    'localhost',
  ])('refuses the origin "%s"', (origin) =>
    expect(() => requireLoopback({ host: 'localhost', origin })).toThrow('cross-site'),
  );
});
