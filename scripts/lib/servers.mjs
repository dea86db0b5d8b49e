import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
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

const hasRedis = () => directoryOf('redis-server') !== null || directoryOf('valkey-server') !== null;

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
