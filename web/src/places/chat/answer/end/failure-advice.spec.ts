import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { adviceFor } from './failure-advice';

/** Codes of runs begin with this one in the server's list. */
const FIRST_OF_RUNS = 'provider_auth';
/** Codes of requests with which a run can end as well. */
const OF_REQUESTS = ['internal', 'service_unavailable', 'shell_not_available'];

type Words = Record<string, { title?: string; advice?: string }>;

const wordsOf = (language: 'en' | 'zh') =>
  (JSON.parse(readFileSync(`web/src/i18n/${language}/chat.json`, 'utf8')) as { failure: Words }).failure;

function codesOfRuns(): string[] {
  const source = readFileSync('src/common/app-error.ts', 'utf8');
  const codes = [...source.matchAll(/^ {2}(\w+): \d{3},$/gm)].map(([, code = '']) => code);

  return [...codes.slice(codes.indexOf(FIRST_OF_RUNS)), ...OF_REQUESTS];
}

describe('what to say of a failed answer', () => {
  const [english, chinese] = [wordsOf('en'), wordsOf('zh')];
  const codes = codesOfRuns();

  it('knows the codes of the server', () => {
    expect(codes).toEqual(expect.arrayContaining(['provider_timeout', 'context_too_long', 'executor_lost']));
  });

  it.each(codes)('has a title and a next step in both languages: %s', (code) => {
    const { text } = adviceFor(code, false);
    expect(text).not.toBe('other');
    expect(english[text]).toEqual({ title: expect.stringMatching(/^[A-Z]/), advice: expect.stringMatching(/\.$/) });
    expect(chinese[text]).toEqual({
      title: expect.stringMatching(/\p{Script=Han}/u),
      advice: expect.stringMatching(/\p{Script=Han}.*。$/u),
    });
  });

  it('has words for codes of a newer server, and leaves the decision to its event', () => {
    for (const isRetryable of [true, false])
      expect(adviceFor('constructor', isRetryable)).toEqual({ text: 'other', canRetry: isRetryable, place: null });
    expect(english['other']).toEqual({ title: expect.any(String), advice: expect.any(String) });
    expect(chinese['other']).toEqual({ title: expect.any(String), advice: expect.any(String) });
  });

  it('never says that trying again is in vain when the event says that it is not', () => {
    expect(adviceFor('provider_auth', true).canRetry).toBe(true);
    expect(adviceFor('provider_auth', false).canRetry).toBe(false);
  });
});
