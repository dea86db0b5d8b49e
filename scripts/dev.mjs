/** npm run dev: the server, built and started again when its sources change, and the page of Vite's server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { ensureBuilt, SOURCES } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { environment, isExecutorManager } from './lib/environment.mjs';
import { run, say, UserError } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { inRoot, ROOT } from './lib/paths.mjs';
import { ensureRedis } from './lib/servers.mjs';
import { hasWeb, webScript } from './lib/web.mjs';

/** Editors write a file in several steps, and switching branches changes many. */
const SETTLE_MS = 300;

const running = new Set();
let server = null;
let timer;
let isStopping = false;

await run(async () => {
  process.chdir(ROOT);
  checkNode();
  ensureDependencies();
  ensureBuilt();
  if (!isExecutorManager()) ensureRedis();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal));
  startServer();
  if (hasWeb()) startPage();
  for (const directory of SOURCES) {
    watch(inRoot(directory), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => void rebuild(), SETTLE_MS);
    });
  }
});

function startServer() {
  // Answers that are running end with the server, and are continued by the next one.
  const env = { SHUTDOWN_GRACE_SECONDS: '0', ...process.env };
  server = start(process.execPath, ['--enable-source-maps', inRoot('dist', 'src', 'main.js')], env);
  server.once('exit', (status) => {
    if (status) say(`The server has ended with ${status}: it is started again after the next change`);
  });
}

function startPage() {
  const { CONCH_API = `http://127.0.0.1:${environment().PORT || 8000}` } = process.env;
  start(...webScript('dev'), { ...process.env, CONCH_API }).once('exit', () => stop('SIGTERM'));
}

function start(program, args, env) {
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env });
  running.add(child);
  child.once('exit', () => running.delete(child)).once('error', (error) => say(`${program}: ${error.message}`));

  return child;
}

/** Starts the server again when it was built anew. Sources with mistakes leave the old one running. */
async function rebuild() {
  try {
    if (isStopping || !ensureBuilt()) return;
    if (running.has(server)) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    if (!isStopping) startServer();
  } catch (error) {
    say(error instanceof UserError ? error.message : error.stack);
  }
}

/** Ends everything; what does not end by itself is killed by the second signal. */
function stop(signal) {
  for (const child of running) child.kill(isStopping ? 'SIGKILL' : signal);
  if (isStopping) process.exit(130);
  isStopping = true;
  void Promise.all([...running].map((child) => once(child, 'exit'))).then(() => process.exit(0));
}
