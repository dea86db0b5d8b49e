import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { npm, quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot } from './paths.mjs';
import { filesIn, hashOf, readStamp } from './stamp.mjs';
import { ensureWebTypes } from './web-types.mjs';

const WEB = 'web';
const SKIPPED = [join(WEB, 'dist'), join(WEB, 'node_modules')];
const STAMP = inRoot(WEB, 'dist', '.build-hash');

/** Whether the sources of the page are here. */
export const hasWeb = () => existsSync(inRoot(WEB, 'package.json'));

/** The command of a script of the page's package, as a program and its arguments. */
export const webScript = (name) => npm('run', name, '--workspace', WEB);

/** Builds the web page of the built server into web/dist/, unless its sources are the ones that this was made from. */
export function ensureWebBuilt() {
  if (!hasWeb()) return;
  ensureWebTypes();
  const hash = hashOf(['package-lock.json', ...filesIn(WEB, (path) => SKIPPED.includes(path))]);
  if (existsSync(inRoot(WEB, 'dist', 'index.html')) && readStamp(STAMP) === hash) return;
  say('Building the web page ...');
  const { ok, output } = quiet(...webScript('build'));
  if (!ok) throw new UserError(`The build of the web page failed:\n${stripVTControlCharacters(output)}`);
  writeFileSync(STAMP, hash);
}
