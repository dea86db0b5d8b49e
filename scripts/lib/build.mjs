import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { quiet } from './command.mjs';
import { bundleExecutor, hasExecutor } from './executor.mjs';
import { say, UserError } from './log.mjs';
import { inRoot, tool } from './paths.mjs';
import { filesIn, hashOf, readStamp } from './stamp.mjs';

/** The folders that are compiled. */
export const SOURCES = ['src', 'tools', 'bench'];
const CONFIGS = ['nest-cli.json', '.swcrc', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
/** Specs and what only they use, and what the build itself generates. */
const SKIPPED = /\.(spec|testing)\.ts$|(^|\/)(__fixtures__|__pycache__)$|^src\/metadata\.ts$/;
const STAMP = inRoot('dist', '.build-hash');
const MIGRATIONS = join('src', 'infra', 'database', 'migrations');
const TEMPLATE = inRoot('dist', 'database-template');
const TEMPLATE_STAMP = inRoot('dist', '.template-hash');
/** Where the template is while `nest build` empties dist/. */
const TEMPLATE_ASIDE = inRoot('.database-template');

/**
 * Compiles the sources into dist/ with `nest build`, and bundles the executor, unless they are the ones that dist/ was
 * made from.
 * @param tsconfig which files are type-checked; the compiled ones are always the same
 * @returns whether it compiled, which includes the type check
 * @throws UserError with the messages of the compiler
 */
export function ensureBuilt(tsconfig = 'tsconfig.build.json') {
  const files = SOURCES.filter((name) => existsSync(inRoot(name)))
    .flatMap((name) => filesIn(name, (path) => SKIPPED.test(path)))
    .sort();
  const hash = hashOf([...CONFIGS, ...files]);
  if (existsSync(inRoot('dist', 'src', 'main.js')) && hasExecutor() && readStamp(STAMP) === hash) return false;
  say('Building ...');
  keepingTemplate(() => {
    const { ok, output } = quiet(tool('nest'), ['build', '--path', tsconfig]);
    if (!ok) throw new UserError(`The build failed:\n${stripVTControlCharacters(output)}`);
  });
  bundleExecutor();
  ensureTemplate(files.filter((file) => file.startsWith(MIGRATIONS)));
  writeFileSync(STAMP, hash);

  return true;
}

/** Calls a function that empties dist/, and restores the template of the embedded database afterwards. */
function keepingTemplate(build) {
  const stamp = readStamp(TEMPLATE_STAMP);
  rmSync(TEMPLATE_ASIDE, { recursive: true, force: true });
  if (stamp !== null && existsSync(TEMPLATE)) renameSync(TEMPLATE, TEMPLATE_ASIDE);
  try {
    build();
  } finally {
    if (existsSync(TEMPLATE_ASIDE)) {
      mkdirSync(inRoot('dist'), { recursive: true });
      renameSync(TEMPLATE_ASIDE, TEMPLATE);
      writeFileSync(TEMPLATE_STAMP, stamp);
    }
  }
}

/**
 * Creates the embedded database that new installations and tests start from a copy of, once for every set of
 * migrations and packages.
 */
function ensureTemplate(migrations) {
  const hash = hashOf(['package-lock.json', ...migrations]);
  if (existsSync(TEMPLATE) && readStamp(TEMPLATE_STAMP) === hash) return;
  const made = `${TEMPLATE}.new`;
  for (const path of [TEMPLATE_STAMP, TEMPLATE, made]) rmSync(path, { recursive: true, force: true });
  const program = inRoot('dist', 'src', 'infra', 'database', 'pglite', 'make-pglite-template.js');
  const { ok, output } = quiet(process.execPath, [program, made]);
  if (!ok) throw new UserError(`The template of the embedded database could not be made:\n${output}`);
  renameSync(made, TEMPLATE);
  writeFileSync(TEMPLATE_STAMP, hash);
}
