const HELP = `npm test                 build, lint, layers and types beside the unit tests, then e2e and fault tests
npm test -- --changed    lint of the files that differ from HEAD, the unit tests that use them, the tests among them
npm test -- ARGS         jest alone, with these arguments
npm test -- --help       this text

Ends with the line "N passed, N failed".
`;

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { changedFiles } from './lib/changed-files.mjs';
import { ensureClaudeCode } from './lib/claude-code.mjs';
import { collect, stream } from './lib/command.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run, say, UserError } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { inRoot, tool } from './lib/paths.mjs';
import { ensureChromium, ensureDocker, ensurePostgres, ensureRedisProgram } from './lib/servers.mjs';
import { ensureTestServer } from './lib/test-server.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

const JEST = [
  ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  // The WebAssembly of embedded databases is compiled once, and not again to run faster: a third of opening one.
  '--liftoff-only',
  'node_modules/jest/bin/jest.js',
];

/** Files that have not changed since they passed are left out. */
const LINT = [
  ...['--max-warnings', '0', '--cache', '--cache-strategy', 'content'],
  ...['--cache-location', inRoot('node_modules', '.cache', 'eslint')],
];

/** One after the other, beside the unit tests. */
const GATES = [
  { name: 'lint', program: 'eslint', args: ['.', ...LINT] },
  { name: 'layers', program: 'depcruise', args: ['--config', '.dependency-cruiser.cjs', 'src', 'tools'] },
];
const TYPES = { name: 'types', program: 'tsc', args: ['--noEmit'] };

const UNIT = ['--selectProjects', 'unit', '--maxWorkers', '2'];
/**
 * Workers share no servers; much of what they do is waiting, so there is one more than cores. A connection left open must
 * not hold the run.
 */
const WITH_SERVERS = ['--maxWorkers', '3', '--forceExit', '--selectProjects', 'e2e', 'faults'];

await run(async () => {
  if (process.argv.includes('--help')) {
    process.stdout.write(HELP);

    return;
  }
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
  say('== build');
  if (args.length === 0) return testAll(count);
  ensureBuilt();
  ensureWebBuilt();
  if (args[0] === '--changed') return testChanged(count);
  await prepareServers();
  await jest(args, count);
}

async function testAll(count) {
  // A build checks the types of what it compiles, and here those of the tests with them: once, not twice.
  const gates = ensureBuilt('tsconfig.json') ? GATES : [...GATES, TYPES];
  // Lint needs the types of the API, and the tests of the page its files.
  ensureWebBuilt();
  count.passed += 1;
  say(`== ${gates.map(({ name }) => name).join(', ')} beside unit`);
  const [passed] = await Promise.all([passGates(gates, count), jest(UNIT, count)]);
  if (!passed) return;
  await prepareServers();
  say('\n== e2e and faults');
  await jest(WITH_SERVERS, count);
}

/** What it prints comes in one piece, not among the lines of the tests. @returns whether all have passed */
async function passGates(gates, count) {
  let passed = true;
  for (const { name, program, args } of gates) {
    const { status, output } = await collect(tool(program), args);
    say(`== ${name} ${status === 0 ? 'passed' : `failed\n${output}`}`);
    count[status === 0 ? 'passed' : 'failed'] += 1;
    passed &&= status === 0;
  }

  return passed;
}

async function testChanged(count) {
  const files = changedFiles().filter((name) => /\.(tsx?|mjs|cjs)$/.test(name));
  const own = files.filter((name) => /\.(e2e|fault)\.ts$/.test(name));
  const used = files.filter((name) => !own.includes(name));
  if (files.length > 0) {
    say('== lint');
    count[(await stream(tool('eslint'), [...LINT, ...files])) === 0 ? 'passed' : 'failed'] += 1;
  }
  if (used.length > 0) await jest([...UNIT, '--passWithNoTests', '--findRelatedTests', ...used], count);
  if (own.length === 0) return;
  await prepareServers();
  await jest([...WITH_SERVERS, '--runTestsByPath', ...own], count);
}

async function prepareServers() {
  ensureRedisProgram();
  ensurePostgres();
  process.env.CHROMIUM = ensureChromium();
  process.env.CLAUDE_CODE = ensureClaudeCode();
  process.env.CONCH_TEST_SERVER = await ensureTestServer();
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
