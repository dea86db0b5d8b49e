/**
 * npm run lock:complete: adds to package-lock.json the optional packages of other platforms that `npm install` leaves
 * out (it does so when node_modules exists, or when the registry does not have them). `npm ci` refuses a lock file
 * without them, on every platform. Run it after every change of the dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { run, say, UserError } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';

const FILE = inRoot('package-lock.json');
/** How such packages end: `-darwin-arm64`, `-linux-x64-musl`. */
const PLATFORM =
  /(?:^|[/-])(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(gnu|musl)?\w*)?$/;

await run(() => {
  const lock = JSON.parse(readFileSync(FILE, 'utf8'));
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) => missingOf(lock.packages, path, entry));
  if (missing.length === 0) return;
  const packages = { ...lock.packages, ...Object.fromEntries(missing) };
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  say(`Added to package-lock.json: ${missing.map(([path]) => path.replace('node_modules/', '')).join(', ')}`);
});

function missingOf(packages, path, { optionalDependencies = {}, dev }) {
  return Object.entries(optionalDependencies)
    .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
    .map(([name, version]) => [`node_modules/${name}`, entryFor(name, version, dev)]);
}

function entryFor(name, version, dev) {
  const [, os, cpu, libc] = PLATFORM.exec(name) ?? [];
  if (!os || !/^\d+\.\d+\.\d+$/.test(version))
    throw new UserError(`Not a package for one platform: ${name} ${version}`);

  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc && { libc: [libc === 'gnu' ? 'glibc' : 'musl'] }),
    optional: true,
    os: [os],
  };
}
