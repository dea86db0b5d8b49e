import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { replyError } from './git-errors.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const ACCOUNT = { git_domain: 'git.example', git_token: 'the-token', type: 'gitlab' } as const;
const of = (status: number, headers: IncomingHttpHeaders = {}, text = '') =>
  replyError(ACCOUNT, { status, headers, text }, NOW);

describe('errors of git servers', () => {
  it.each<[string, number, IncomingHttpHeaders, string]>([
    ['a wrong token', 401, {}, 'provider_auth'],
    ['a token that may do too little', 403, {}, 'provider_auth'],
    ['a limit of GitHub', 403, { 'x-ratelimit-remaining': '0' }, 'provider_rate_limited'],
    ['a second limit of GitHub', 403, { 'retry-after': '5' }, 'provider_rate_limited'],
    ['a limit of GitLab', 429, {}, 'provider_rate_limited'],
    ['an unknown repository', 404, {}, 'provider_not_found'],
    ['a redirect', 301, {}, 'provider_protocol'],
    ['a failure', 502, {}, 'provider_unavailable'],
    ['a refusal', 422, {}, 'provider_bad_request'],
  ])('name %s', (_case, status, headers, code) => {
    const error = of(status, headers);

    expect([error.code, error.providerStatus]).toEqual([code, status]);
    expect(error.message).toContain('git.example');
  });

  it.each<[IncomingHttpHeaders, number]>([
    [{ 'retry-after': '30' }, 30],
    [{ 'x-ratelimit-reset': String(NOW / 1000 + 90) }, 90],
    [{ 'ratelimit-reset': String(NOW / 1000 - 5) }, 1],
    [{ 'retry-after': '999999' }, 3_600],
    [{ 'retry-after': 'soon' }, 60],
    [{}, 60],
  ])('say when to try again by %j', (headers, seconds) => {
    expect(of(429, headers).retryAfter).toBe(seconds);
  });

  it('repeat what the server says, but never a token', () => {
    expect(of(403, {}, '{"message":"insufficient_scope"}').message).toMatch(/"read_api".*it says: insufficient_scope/);
    expect(of(401, {}, '{"message":"no user for the-token"}').message).not.toContain('the-token');
    expect(of(500, {}, '<html>').message).not.toContain('html');
  });
});
