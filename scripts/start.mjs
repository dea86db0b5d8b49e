/** npm start: brings along what is missing, then becomes the server. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { isExecutorManager } from './lib/environment.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ROOT } from './lib/paths.mjs';
import { ensureRedis } from './lib/servers.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

await run(async () => {
  // .env, seeds/ and data/ are those of the project, wherever it is started from.
  process.chdir(ROOT);
  checkNode();
  ensureDependencies();
  ensureBuilt();
  if (isExecutorManager()) return;
  ensureWebBuilt();
  ensureRedis();
});
await import('../dist/src/main.js');
