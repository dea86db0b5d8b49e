import { copyFileSync, existsSync } from 'node:fs';
import { quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot, tool } from './paths.mjs';

const ENTRY = inRoot('dist', 'src', 'executor', 'main.js');
const BUNDLE = inRoot('dist', 'executor', 'executor.mjs');
/** Files that the executor finds beside its bundle. */
const BESIDE = [['src', 'executor', 'engines', 'agno', 'agno_runner.py']];

/** Makes the program that runs in the containers of tasks: one file of the compiled sources, which needs Node alone. */
export function bundleExecutor() {
  say('Bundling the executor ...');
  const options = [
    '--bundle',
    '--platform=node',
    '--target=node20',
    '--format=esm',
    '--keep-names',
    '--log-level=error',
  ];
  const { ok, output } = quiet(tool('esbuild'), [ENTRY, ...options, `--outfile=${BUNDLE}`]);
  if (!ok) throw new UserError(`The executor could not be bundled:\n${output}`);
  for (const path of BESIDE) copyFileSync(inRoot(...path), inRoot('dist', 'executor', path.at(-1)));
}

/** Whether the bundle is there; builds empty dist/. */
export const hasExecutor = () => existsSync(BUNDLE);
