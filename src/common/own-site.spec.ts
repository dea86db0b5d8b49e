import { describe, expect, it } from '@jest/globals';
import { requireOwnSite } from './own-site.js';

describe('requireOwnSite', () => {
  const host = 'conch.example:8000';

  it.each([
    ['a program', {}],
    ['a page of this server', { origin: 'https://conch.example:8000' }],
    [
      'a page of this server behind a proxy that changes Host',
      { origin: 'http://a.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('accepts %s', (_case, headers) => {
    expect(() => requireOwnSite({ host, ...headers })).not.toThrow();
  });

  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['another port', { origin: 'https://conch.example:8001' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a sibling site', { origin: `https://${host}`, 'sec-fetch-site': 'same-site' }],
    ['another site without Origin', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses %s', (_case, headers) => {
    expect(() => requireOwnSite({ host, ...headers })).toThrow('pages of this server only');
  });
});
