import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { hint, HINTS, secondsOf, textOf } from './hints.js';

const PLURAL = /_(?:zero|one|two|few|many|other)$/;

/** The sentences of the page in a language, by code; those that depend on a number are joined. */
function sentencesOfPage(language: string): Map<string, string> {
  const file = readFileSync(`web/src/i18n/${language}/diagnosis.json`, 'utf8');
  const { reason } = JSON.parse(file) as { reason: Record<string, string> };
  const found = new Map<string, string>();
  for (const [key, text] of Object.entries(reason)) {
    const code = key.replace(PLURAL, '');
    found.set(code, `${found.get(code) ?? ''}${text}`);
  }

  return found;
}

const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);

describe('hints', () => {
  it('name their values', () => {
    expect(textOf(hint('queued_behind', { ahead: 2, limit: 50 }))).toBe(
      'It waits for a free place: 2 before it, 50 run at a time',
    );
  });

  it.each([
    [0, '0 s'],
    [-5000, '0 s'],
    [1499, '1 s'],
    [119_000, '119 s'],
    [121_000, '2 min'],
  ])('tell %i ms as %s', (ms, text) => {
    expect(textOf(hint('app_silent', { since_seconds: secondsOf(ms) }))).toBe(`The app has told nothing for ${text}`);
  });

  it('do not read values as texts', () => {
    expect(textOf(hint('failed_because', { reason: '{status} $& {reason}' }))).toBe(
      'It has ended (FAILED): {status} $& {reason}',
    );
  });

  it('have codes that the plural endings of translations leave alone', () => {
    expect(Object.keys(HINTS).filter((code) => PLURAL.test(code))).toEqual([]);
  });

  it.each(['en', 'zh'])('have a sentence of the page each, with values that they bring: %s', (language) => {
    const sentences = sentencesOfPage(language);
    expect([...sentences.keys()].sort()).toEqual(Object.keys(HINTS).sort());
    const unknown = Object.entries(HINTS).filter(([code, text]) => {
      const brought = namesIn(text, /\{(\w+)\}/g);

      return namesIn(sentences.get(code) ?? '', /\{\{(\w+)/g).some((name) => !brought.includes(name));
    });
    expect(unknown).toEqual([]);
  });
});
