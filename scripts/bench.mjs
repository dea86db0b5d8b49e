/** npm run bench: measures; arguments go to bench/main.ts. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensureRedisProgram } from './lib/servers.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureWebBuilt();
  ensureRedisProgram();
});
await import('../dist/bench/main.js');
