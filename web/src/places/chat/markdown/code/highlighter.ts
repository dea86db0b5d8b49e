import { createHighlighterCore, type HighlighterCore, type LanguageInput } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';
import githubDark from 'shiki/themes/github-dark.mjs';
import githubLight from 'shiki/themes/github-light.mjs';
import type { CodeToken } from './highlighted-code';

/** The languages that have colours; each loads when it is first needed. */
const LANGUAGES: Record<string, LanguageInput> = {
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  tsx: () => import('shiki/langs/tsx.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
};

const ALIASES: Record<string, string> = {
  sh: 'bash',
  shell: 'bash',
  zsh: 'bash',
  console: 'bash',
  h: 'c',
  patch: 'diff',
  golang: 'go',
  xml: 'html',
  vue: 'html',
  svg: 'html',
  jsonc: 'json',
  py: 'python',
  python3: 'python',
  rs: 'rust',
  postgresql: 'sql',
  jsx: 'tsx',
  js: 'typescript',
  javascript: 'typescript',
  mjs: 'typescript',
  ts: 'typescript',
  yml: 'yaml',
};

/** Colours of the themes that have less than 4.5:1 on the ground of code, and the ones in their place. */
const CONTRAST = {
  'github-light': { '#d73a49': '#c22b3b', '#e36209': '#a84700', '#22863a': '#1b7431', '#6a737d': '#5f6770' },
  'github-dark': { '#6a737d': '#8b949e' },
};
const LIMITS = { tokenizeTimeLimit: 2000, tokenizeMaxLineLength: 2000 };

let highlighter: Promise<HighlighterCore> | null = null;

/** @returns the tokens of each line, or null for a language without colours */
export async function colourCode(code: string, name: string): Promise<CodeToken[][] | null> {
  const language = ALIASES[name] ?? name;
  const source = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
  if (!source) return null;
  highlighter ??= createHighlighterCore({
    themes: [githubLight, githubDark],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  const core = await highlighter;
  const isNew = !core.getLoadedLanguages().includes(language);
  await core.loadLanguage(source);
  const themes = { light: 'github-light', dark: 'github-dark' };
  const options = { themes, defaultColor: false, colorReplacements: CONTRAST, ...LIMITS } as const;
  const read = () => core.codeToTokens(code, { lang: language, ...options });
  // The first lines of a language compile its expressions: on a slow device that alone reaches the limit of a line, and
  // the rest of the line has no colours.
  if (isNew) read();
  const { tokens } = read();

  return tokens.map((line) => line.map(({ content, htmlStyle }) => ({ content, style: htmlStyle ?? {} })));
}
