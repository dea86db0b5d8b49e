/**
 * npm run soak -- [--rounds N]: answers on two servers while Redis is emptied, killed, replaced or out of memory and servers
 * are killed, again and again; counts what was lost, stuck or cut.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/build.mjs';
import { stream } from './lib/command.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run, say, UserError } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { inRoot } from './lib/paths.mjs';
import { ensurePostgres, ensureRedisProgram } from './lib/servers.mjs';
import { ensureTestServer } from './lib/test-server.mjs';

const JEST = [
  ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  'node_modules/jest/bin/jest.js',
];

await run(async () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '200' } } });
  if (!/^[1-9]\d*$/.test(values.rounds)) throw new UserError('--rounds has to be a positive number');
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureRedisProgram();
  ensurePostgres();
  const directory = mkdtempSync(join(tmpdir(), 'conch-soak-'));
  say(`Logs of rounds with a flaw: ${directory}`);
  process.env.CONCH_TEST_SERVER = await ensureTestServer();
  Object.assign(process.env, { SOAK_ROUNDS: values.rounds, SOAK_DIRECTORY: directory });
  process.exitCode = await stream(process.execPath, [...JEST, '--selectProjects', 'soak', '--forceExit'], {
    cwd: inRoot(),
  });
});
