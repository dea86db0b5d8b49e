import { readFileSync } from 'node:fs';
import { npm, quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot } from './paths.mjs';

/** Installs what package-lock.json says, unless that is what is installed. */
export function ensureDependencies() {
  if (areInstalled()) return;
  say('Installing dependencies (npm ci) ...');
  const { ok, output } = quiet(...npm('ci', '--include=dev', '--no-audit', '--no-fund'));
  if (!ok) throw new UserError(`npm ci failed:\n${output}`);
}

/** npm writes its own list of what it installed when it is done, so a broken installation has none. */
function areInstalled() {
  const wanted = read('package-lock.json');
  const installed = read('node_modules', '.package-lock.json');
  if (!wanted)
    throw new UserError('package-lock.json is missing or damaged: get it back with git checkout package-lock.json');
  if (!installed) return false;

  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // Optional packages are those of other platforms.
    const there = installed[path];

    return path === '' || (there ? there.version === version : optional === true);
  });
}

function read(...path) {
  try {
    return JSON.parse(readFileSync(inRoot(...path), 'utf8')).packages;
  } catch {
    return null;
  }
}
