import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, quiet } from './command.mjs';
import { say, UserError } from './log.mjs';
import { inRoot } from './paths.mjs';

/** The versions that the bench compares with: the newest that run on Node 20. */
const VERSIONS = {
  '@portkey-ai/gateway': '1.15.2',
  ai: '6.0.325',
  '@ai-sdk/openai-compatible': '2.0.92',
  '@ai-sdk/anthropic': '3.0.140',
  'resumable-stream': '2.2.13',
  redis: '5.9.0',
  zod: '4.1.8',
};
/** Portkey's gateway answers 500 with newer ones: headers that are immutable there. */
const OVERRIDES = { '@hono/node-server': '1.13.8' };
const DIRECTORY = inRoot('.cache', 'bench-peers');
const PACKAGE = join(DIRECTORY, 'package.json');
const WANTED = JSON.stringify({ private: true, type: 'module', dependencies: VERSIONS, overrides: OVERRIDES });
/** Run beside the packages, which they import. */
const SERVERS = ['ai-sdk-server.mjs', 'portkey-server.mjs'];

/** Makes sure that the servers of others that the bench measures are there. They are no dependencies of the project. */
export function ensurePeers() {
  mkdirSync(DIRECTORY, { recursive: true });
  if (!isInstalled()) install();
  for (const name of SERVERS) copyFileSync(inRoot('bench', 'peers', name), join(DIRECTORY, name));
}

function isInstalled() {
  if (!existsSync(PACKAGE) || readFileSync(PACKAGE, 'utf8') !== WANTED) return false;

  return Object.keys(VERSIONS).every((name) => existsSync(join(DIRECTORY, 'node_modules', name, 'package.json')));
}

function install() {
  say('Installing the servers that the bench compares with (npm) ...');
  rmSync(join(DIRECTORY, 'node_modules'), { recursive: true, force: true });
  writeFileSync(PACKAGE, WANTED);
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--prefix', DIRECTORY];
  // In its own directory: npm must not take the workspace of this project for the one to install into.
  const { output } = quiet(...npm('install', ...options), { cwd: DIRECTORY });
  if (!isInstalled()) throw new UserError(`The servers could not be installed from the npm registry.\n${output}`);
}
