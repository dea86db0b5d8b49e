import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quiet } from './command.mjs';
import { isRedisConfigured } from './environment.mjs';
import { say, UserError } from './log.mjs';
import { findPackageManager, installFirst } from './packages.mjs';
import { directoryOf } from './paths.mjs';

const REDIS_PACKAGES = {
  'apt-get': ['redis-server', 'valkey-server'],
  dnf: ['valkey', 'redis'],
  yum: ['redis', 'valkey'],
  apk: ['redis', 'valkey'],
  pacman: ['valkey', 'redis'],
  zypper: ['valkey', 'redis'],
  brew: ['redis'],
};
const POSTGRES_PACKAGES = {
  'apt-get': ['postgresql'],
  dnf: ['postgresql-server'],
  yum: ['postgresql-server'],
  apk: ['postgresql'],
  pacman: ['postgresql'],
  zypper: ['postgresql-server'],
  brew: ['postgresql@17'],
};
const CHROMIUM_PACKAGES = {
  'apt-get': ['chromium-headless-shell'],
  dnf: ['chromium'],
  yum: ['chromium'],
  apk: ['chromium'],
  pacman: ['chromium'],
  zypper: ['chromium'],
  brew: [],
};
/** What the tests of images need, by program. Elsewhere than on Debian and Ubuntu they have to be there already. */
const ENGINE_PACKAGES = { dockerd: 'docker.io', 'docker-registry': 'docker-registry', busybox: 'busybox-static' };
const ENGINE_START_MS = 15_000;
/** Where systems put `initdb` outside PATH; `*` is a version. */
const POSTGRES_HOMES = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql@*/bin',
  '/usr/local/opt/postgresql@*/bin',
];

/** Makes sure that there is a redis-server or valkey-server, unless Redis runs elsewhere. */
export function ensureRedis() {
  if (!isRedisConfigured()) ensureRedisProgram();
}

/** The same, whatever is configured: tests start servers of their own. */
export function ensureRedisProgram() {
  if (hasRedis()) return;
  install(
    'redis-server',
    REDIS_PACKAGES,
    hasRedis,
    'Install redis-server or valkey-server, or set REDIS_URL to a running server.',
  );
}

/** Makes sure that there is an `initdb`, and puts it into PATH. */
export function ensurePostgres() {
  if (!findPostgres())
    install('Postgres', POSTGRES_PACKAGES, findPostgres, 'Install the Postgres server (initdb has to be in PATH).');
  const directory = findPostgres();
  if (!process.env.PATH.split(delimiter).includes(directory)) process.env.PATH += delimiter + directory;
}

/** Makes sure that there is a Chromium for the tests of the page. @returns its path */
export function ensureChromium() {
  if (!findChromium()) {
    install('Chromium', CHROMIUM_PACKAGES, findChromium, 'Install Chromium or Chrome, or set CHROMIUM to its path.');
  }

  return findChromium();
}

/**
 * Makes sure that a container engine can be started for tests. Unlike the other servers it may be missing: it needs root
 * and rights that a container rarely has.
 * @returns null, or why there is none
 */
export async function ensureDocker() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root, on Linux';
  const missing = Object.keys(ENGINE_PACKAGES).filter((program) => !directoryOf(program));
  const manager = findPackageManager();
  if (missing.length > 0 && manager?.program === 'apt-get') {
    const packages = missing.map((program) => ENGINE_PACKAGES[program]);
    say(`Installing ${packages.join(', ')} (${manager.program}) ...`);
    for (const name of packages) installFirst(manager, [name]);
  }
  const lacking = Object.keys(ENGINE_PACKAGES).filter((program) => !directoryOf(program));
  if (lacking.length > 0) return `there is no ${lacking.join(', ')}`;
  if (!quiet('unshare', ['--mount', '--pid', '--net', '--fork', 'true']).ok) return 'namespaces cannot be made here';

  return (await engineStarts()) ? null : 'dockerd does not start here';
}

async function engineStarts() {
  const directory = mkdtempSync(join(tmpdir(), 'conch-engine-'));
  const at = (name) => join(directory, name);
  const places = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')];
  const options = ['--iptables=false', '--bridge=none', ...places, '-H', `unix://${at('socket')}`];
  const engine = spawn('dockerd', options, { stdio: 'ignore' });
  const ended = new Promise((resolve) => engine.once('exit', resolve).once('error', resolve));
  let answers = false;
  for (const end = Date.now() + ENGINE_START_MS; !answers && engine.exitCode === null && Date.now() < end;) {
    await sleep(100);
    answers = await isAnswered(at('socket'));
  }
  engine.kill();
  await ended;
  rmSync(directory, { recursive: true, force: true });

  return answers;
}

function isAnswered(socketPath) {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: 1_000 }, (reply) =>
      resolve(reply.resume().statusCode === 200),
    );
    request.once('timeout', () => request.destroy()).once('error', () => resolve(false));
  });
}

const hasRedis = () => directoryOf('redis-server') !== null || directoryOf('valkey-server') !== null;

function findChromium() {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return existsSync(CHROMIUM) ? CHROMIUM : null;
  // Without windows it needs 40 % less CPU for the same pages.
  const name = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'].find(directoryOf);

  return name ? join(directoryOf(name), name) : null;
}

function findPostgres() {
  const inPath = directoryOf('initdb');

  return inPath && existsSync(join(inPath, 'postgres')) ? inPath : (POSTGRES_HOMES.flatMap(versions)[0] ?? null);
}

/** The directories that a pattern stands for and that hold initdb, newest version first. */
function versions(pattern) {
  const [before, after] = pattern.split('*');
  const slash = before.lastIndexOf('/') + 1;
  const [parent, start] = [before.slice(0, slash), before.slice(slash)];
  if (!existsSync(parent)) return [];

  return readdirSync(parent)
    .filter((name) => name.startsWith(start))
    .sort((a, b) => Number.parseFloat(b.slice(start.length)) - Number.parseFloat(a.slice(start.length)))
    .map((name) => parent + name + after)
    .filter((directory) => existsSync(join(directory, 'initdb')));
}

function install(what, packages, isThere, advice) {
  const manager = findPackageManager();
  if (!manager) throw new UserError(`No ${what} was found, and this user may not install one. ${advice}`);
  say(`Installing ${what} (${manager.program}) ...`);
  const output = installFirst(manager, packages[manager.program]);
  if (!isThere()) throw new UserError(`${what} could not be installed. ${advice}\n${output.slice(-2000)}`);
}
