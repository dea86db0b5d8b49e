/**
 * npm test: lint, layers, types and build, then all tests; ends with the line `N passed, N failed`.
 * npm test -- ARGS: only jest, with these arguments.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { stream } from './lib/command.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run, say, UserError } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { inRoot, tool } from './lib/paths.mjs';
import { ensureDocker, ensurePostgres, ensureRedisProgram } from './lib/servers.mjs';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];

/** In this order; a gate that fails (status other than 0) ends the run. */
const GATES = [
  { name: 'lint', check: () => stream(tool('eslint'), ['.', '--max-warnings', '0']) },
  { name: 'layers', check: () => stream(tool('depcruise'), ['--config', '.dependency-cruiser.cjs', 'src', 'tools']) },
  // A build checks the types of what it compiles, and here those of the tests with them: once, not twice.
  { name: 'types and build', check: () => (ensureBuilt('tsconfig.json') ? 0 : stream(tool('tsc'), ['--noEmit'])) },
];

/** Every file has servers of its own, so two of them run side by side. A connection left open must not hold the run. */
const SUITES = [
  { name: 'unit', args: ['--maxWorkers', '2'] },
  { name: 'e2e', args: ['--maxWorkers', '2', '--forceExit'] },
  { name: 'faults', args: ['--maxWorkers', '2', '--forceExit'] },
];

await run(async () => {
  const count = { passed: 0, failed: 0 };
  try {
    await test(process.argv.slice(2), count);
  } catch (error) {
    say(error instanceof UserError ? error.message : error.stack);
    count.failed += 1;
  }
  process.stdout.write(`\n${count.passed} passed, ${count.failed} failed\n`);
  process.exitCode = count.failed > 0 ? 1 : 0;
});

async function test(args, count) {
  checkNode();
  ensureDependencies();
  if (args.length > 0) {
    ensureBuilt();
    await prepareServers();

    return jest(args, count);
  }
  if (!(await passGates(count))) return;
  await prepareServers();
  for (const suite of SUITES) {
    say(`\n== ${suite.name}`);
    await jest(['--selectProjects', suite.name, ...suite.args], count);
  }
}

async function passGates(count) {
  for (const { name, check } of GATES) {
    say(`== ${name}`);
    if (await check()) {
      say(`${name} failed`);
      count.failed += 1;

      return false;
    }
    count.passed += 1;
  }

  return true;
}

async function prepareServers() {
  ensureRedisProgram();
  ensurePostgres();
  const reason = await ensureDocker();
  if (reason === null) return;
  say(`\n!! No container engine can be started (${reason}): the tests that need one are left out\n`);
  process.env.CONCH_TEST_ENGINE = 'none';
}

/** Runs jest and adds up its tests; a file that cannot run, or a run without any test, counts as one failure. */
async function jest(args, count) {
  const directory = mkdtempSync(join(tmpdir(), 'conch-jest-'));
  try {
    const file = join(directory, 'result.json');
    const status = await stream(process.execPath, [...JEST, '--json', '--outputFile', file, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: inRoot(),
    });
    const result = readResult(file);
    count.passed += result.numPassedTests;
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    count.failed += status !== 0 && failed === 0 ? 1 : failed;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  }
}
