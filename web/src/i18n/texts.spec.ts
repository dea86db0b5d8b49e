import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const SOURCE = 'web/src';
const LANGUAGES = ['en', 'zh'] as const;
/** Endings that i18next chooses by the count. */
const PLURAL = /_(?:zero|one|two|few|many|other)$/;
/** Keys that the code has in variables. */
const IN_VARIABLES = [
  /^layout:notify\./,
  /^models:(?:maxTokens|contextWindow|temperature|price(?:Input|Output|Cached))$/,
  /^teams:(?:servers|config)$/,
];
/** Text between tags that begins with a letter, and attributes that are read or read out. */
const HARD_CODED =
  />\s*([A-Z][a-z]+(?: [a-z]+)+)[^<>{}]*<\/|\s(?:label|title|placeholder|aria-label|alt)="([A-Z][a-z]+ [^"]*)"/;

type Texts = Map<string, string>;

const texts = Object.fromEntries(LANGUAGES.map((language) => [language, readTexts(language)])) as Record<
  (typeof LANGUAGES)[number],
  Texts
>;
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.(spec|testing)\.ts$|schema\.ts$/.test(path))
  .map((path) => ({ path, code: readFileSync(join(SOURCE, path), 'utf8') }));

/** All texts of a language, by `namespace:path.of.the.key`. */
function readTexts(language: string): Texts {
  const found: Texts = new Map();
  const directory = join(SOURCE, 'i18n', language);
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    const content = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Record<string, unknown>;
    collect(`${basename(file, '.json')}:`, content, found);
  }

  return found;
}

function collect(prefix: string, content: Record<string, unknown>, found: Texts): void {
  for (const [key, value] of Object.entries(content)) {
    if (typeof value === 'object' && value !== null)
      collect(`${prefix}${key}.`, value as Record<string, unknown>, found);
    else found.set(`${prefix}${key}`, String(value));
  }
}

const withoutPlural = (key: string) => key.replace(PLURAL, '');

/** Keys of a language, without the endings of plurals: languages differ in those. */
const keysOf = (language: (typeof LANGUAGES)[number]) => [...new Set([...texts[language].keys()].map(withoutPlural))];

/** Names in `{{…}}`. */
const namesIn = (text = '') => [...text.matchAll(/\{\{(\w+)/g)].map(([, name]) => name).sort();

/** A key in the code: whole, or a pattern with a wildcard for each expression in it. */
interface Use {
  path: string;
  /** Where a key without a namespace may be. */
  namespaces: string[];
  pattern: RegExp;
  text: string;
}

/** Every literal key that a call of `t` may get, both branches of a choice included. */
function usesIn({ path, code }: { path: string; code: string }): Use[] {
  const namespaces = namespacesIn(code);
  const calls = [...code.matchAll(/(?<![\w.])(?:i18next\.)?t\(/g)].map(({ index, 0: { length } }) =>
    argumentsAt(code, index + length),
  );

  return calls.flatMap((call) =>
    literalsIn(call).map((text) => ({ path, namespaces, text, pattern: patternOf(text) })),
  );
}

function namespacesIn(code: string): string[] {
  const named = [...code.matchAll(/useTranslation\(([^)]*)\)|TFunction<([^>]*)>/g)].flatMap(
    ([, hook = '', type = '']) => [...`${hook}${type}`.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name),
  );

  return [...new Set([...named, 'common'])];
}

/** The code from an opening bracket to its end. */
function argumentsAt(code: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; depth > 0 && end < code.length; end += 1) {
    if (code[end] === '(') depth += 1;
    if (code[end] === ')') depth -= 1;
  }

  return code.slice(start, end - 1);
}

/** Literals of the first argument. */
function literalsIn(call: string): string[] {
  const [first = ''] = /^(?:`[^`]*`|'[^']*'|[^,'`])*/.exec(call) ?? [];
  const isChoice = first.includes('?') && !/^[`']/.test(first);
  const literals = [...first.slice(isChoice ? first.indexOf('?') : 0).matchAll(/'([^']*)'|`([^`]*)`/g)];

  return literals.map(([, plain, template]) => plain ?? template ?? '');
}

function patternOf(text: string): RegExp {
  const parts = text.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.:]/g, '\\$&'));

  return new RegExp(`^${parts.join('[\\w-]+')}$`);
}

const isMeant = ({ namespaces, pattern, text }: Use, key: string) =>
  text.includes(':')
    ? pattern.test(key)
    : namespaces.some((name) => key.startsWith(`${name}:`) && pattern.test(key.slice(name.length + 1)));

describe('texts of the page', () => {
  const uses = files.flatMap(usesIn);

  it('are there in both languages', () => {
    expect(keysOf('zh').sort()).toEqual(keysOf('en').sort());
  });

  it.each(LANGUAGES)('are never empty: %s', (language) => {
    expect([...texts[language]].filter(([, text]) => text.trim() === '')).toEqual([]);
  });

  it('name the same values in both languages', () => {
    const differ = [...texts.zh].filter(([key, text]) => {
      const english = texts.en.get(key) ?? texts.en.get(`${withoutPlural(key)}_other`);

      return namesIn(text).join() !== namesIn(english).join();
    });
    expect(differ).toEqual([]);
  });

  it('exist for every key in the code', () => {
    const keys = keysOf('en');
    const lost = uses.filter((use) => !keys.some((key) => isMeant(use, key)));
    expect(lost.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  });

  it('are all shown somewhere', () => {
    const fixed = keysOf('en').filter((key) => !IN_VARIABLES.some((pattern) => pattern.test(key)));
    const unused = fixed.filter((key) => !uses.some((use) => isMeant(use, key)));
    expect(unused).toEqual([]);
  });

  it('are the only ones', () => {
    const found = files.flatMap(({ path, code }) => {
      const [match] = (path.endsWith('.tsx') && HARD_CODED.exec(code)) || [];

      return match === undefined ? [] : [`${path}: ${match}`];
    });
    expect(found).toEqual([]);
  });
});
