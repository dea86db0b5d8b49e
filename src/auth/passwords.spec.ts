import { expect, it } from '@jest/globals';
import { hashPassword, passwordMatches } from './passwords.js';

it('refuses at once when strangers have filled their part of the line, and still checks known users', async () => {
  const stored = await hashPassword('right');
  const strangers = Array.from({ length: 40 }, () => passwordMatches('wrong', stored, 'stranger'));
  const known = passwordMatches('right', stored);
  const outcomes = await Promise.allSettled(strangers);
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));

  expect(refused).toHaveLength(30);
  expect(refused[0]).toMatchObject({ code: 'service_unavailable', retryAfter: 1 });
  expect(await known).toBe(true);
});

it('compares a password, also without a hash', async () => {
  const stored = await hashPassword('right');

  expect(await passwordMatches('right', stored, 'stranger')).toBe(true);
  expect(await passwordMatches('wrong', stored)).toBe(false);
  expect(await passwordMatches('right', null)).toBe(false);
  expect(await passwordMatches('right', 'no hash')).toBe(false);
});
