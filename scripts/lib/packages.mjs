import { existsSync } from 'node:fs';
import { quiet } from './command.mjs';
import { directoryOf } from './paths.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

/** In the order in which they are looked for. `refresh` brings the list of packages up to date. */
const MANAGERS = [
  { program: 'apt-get', refresh: ['update', '-q'], install: ['install', '-q', '-y', '--no-install-recommends'] },
  { program: 'dnf', install: ['install', '-q', '-y'] },
  { program: 'yum', install: ['install', '-q', '-y'] },
  { program: 'apk', install: ['add', '--no-cache', '-q'] },
  { program: 'pacman', install: ['-Sy', '--noconfirm', '--needed', '-q'] },
  { program: 'zypper', install: ['--non-interactive', '--quiet', 'install'] },
  { program: 'brew', install: ['install', '--quiet'], own: true },
];

/** The package manager of this machine, if this user may install with it; else null. */
export function findPackageManager() {
  const manager = MANAGERS.find(({ program }) => directoryOf(program));
  const prefix = manager && prefixFor(manager);

  return prefix ? { ...manager, prefix } : null;
}

/** What to put before its commands; null when it must not be used. */
function prefixFor({ own }) {
  const isRoot = process.getuid?.() === 0;
  if (own) return isRoot ? null : [];
  if (isRoot) return [];

  return directoryOf('sudo') && quiet('sudo', ['-n', 'true']).ok ? ['sudo', '-n'] : null;
}

/**
 * Installs the first of several packages that the manager knows.
 * @returns what the last try printed
 */
export function installFirst(manager, names) {
  let output = '';
  if (manager.refresh) invoke(manager, manager.refresh);
  withoutServices(manager, () => {
    names.some((name) => {
      const result = invoke(manager, [...manager.install, name]);
      output = result.output;

      return result.ok;
    });
  });

  return output;
}

function invoke({ program, prefix }, args) {
  return asAdmin(prefix, ['env', 'DEBIAN_FRONTEND=noninteractive', program, ...args]);
}

function asAdmin(prefix, command) {
  const [program, ...args] = [...prefix, ...command];

  return quiet(program, args);
}

/** Debian starts the services of new packages unless a policy says no; only the programs are wanted here. */
function withoutServices({ program, prefix }, install) {
  if (program !== 'apt-get' || existsSync(POLICY)) return install();
  const policy = `printf '#!/bin/sh\nexit 101\n' > ${POLICY} && chmod 755 ${POLICY}`;
  asAdmin(prefix, ['sh', '-c', policy]);
  try {
    install();
  } finally {
    asAdmin(prefix, ['rm', '-f', POLICY]);
  }
}
