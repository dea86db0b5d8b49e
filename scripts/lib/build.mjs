import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot, tool } from './paths.mjs';

const SOURCES = ['src', 'tools', 'bench'];
const CONFIGS = ['nest-cli.json', '.swcrc', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
/** Specs and what only they use, and what the build itself generates. */
const SKIPPED = /\.(spec|testing)\.ts$|^src\/metadata\.ts$/;
const STAMP = inRoot('dist', '.build-hash');
const MIGRATIONS = join('src', 'infra', 'database', 'migrations');
const TEMPLATE = inRoot('dist', 'database-template');
const TEMPLATE_STAMP = inRoot('dist', '.template-hash');
/** Where the template is while `nest build` empties dist/. */
const TEMPLATE_ASIDE = inRoot('.database-template');

/**
 * Compiles the sources into dist/ with `nest build`, unless they are the ones that dist/ was made from.
 * @param tsconfig which files are type-checked; the compiled ones are always the same
 * @returns whether it compiled, which includes the type check
 * @throws UserError with the messages of the compiler
 */
export function ensureBuilt(tsconfig = 'tsconfig.build.json') {
  const files = SOURCES.filter((name) => existsSync(inRoot(name)))
    .flatMap(sourceFiles)
    .sort();
  const hash = hashOf([...CONFIGS, ...files]);
  if (existsSync(inRoot('dist', 'src', 'main.js')) && readStamp(STAMP) === hash) return false;
  say('Building ...');
  keepingTemplate(() => {
    const { ok, output } = quiet(tool('nest'), ['build', '--path', tsconfig]);
    if (!ok) throw new UserError(`The build failed:\n${stripVTControlCharacters(output)}`);
  });
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

function sourceFiles(directory) {
  return readdirSync(inRoot(directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === '__fixtures__' ? [] : sourceFiles(path);

    return SKIPPED.test(path) ? [] : [path];
  });
}

/** Contents, not times: switching branches back and forth builds nothing. */
function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(inRoot(file)))
      .update('\0');
  }

  return hash.digest('hex');
}

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
