import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot, tool } from './paths.mjs';

const SOURCES = ['src', 'tools', 'bench'];
/** Specs and what only they use. */
const SKIPPED = ['**/*.spec.ts', '**/*.testing.ts', '**/__fixtures__/**'];
const STAMP = inRoot('dist', '.build-hash');
const MIGRATIONS = join('src', 'infra', 'database', 'migrations');
const TEMPLATE = inRoot('dist', 'database-template');
const TEMPLATE_STAMP = inRoot('dist', '.template-hash');

/** Compiles the sources into dist/ unless they are the ones that dist/ was made from. */
export function ensureBuilt() {
  const directories = SOURCES.filter((name) => existsSync(inRoot(name)));
  const files = directories.flatMap(sourceFiles).sort();
  const hash = hashOf(['.swcrc', 'package-lock.json', ...files]);
  if (existsSync(inRoot('dist', 'src', 'main.js')) && readStamp(STAMP) === hash) return;
  say('Building ...');
  rmSync(STAMP, { force: true });
  const args = ['-d', 'dist', '--copy-files', '--config-file', '.swcrc', '--ignore', SKIPPED.join(','), '--quiet'];
  const { ok, output } = quiet(tool('swc'), [...directories, ...args]);
  if (!ok) throw new UserError(`The build failed:\n${output}`);
  removeLeftovers(new Set(files));
  ensureTemplate(files.filter((file) => file.startsWith(MIGRATIONS)));
  writeFileSync(STAMP, hash);
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

    return /\.(spec|testing)\.ts$/.test(entry.name) ? [] : [path];
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

/** Compiled files whose sources are gone would still be found by imports. */
function removeLeftovers(files) {
  const compiled = readdirSync(inRoot('dist'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const entry of compiled) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const source = path.slice(inRoot('dist').length + 1).replace(/\.map$/, '');
    if (path.startsWith(join(TEMPLATE, '/'))) continue;
    if (!files.has(source) && !files.has(source.replace(/\.js$/, '.ts'))) rmSync(path, { force: true });
  }
}

function readStamp(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
