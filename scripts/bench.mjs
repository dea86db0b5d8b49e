/** npm run bench: measures; arguments go to bench/main.ts. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensureChromium, ensureRedisProgram } from './lib/servers.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

const only = process.argv.indexOf('--only');
const measuresPage = only === -1 || process.argv[only + 1]?.split(',').includes('web');

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureWebBuilt();
  ensureRedisProgram();
  if (measuresPage) process.env.CHROMIUM = ensureChromium();
});
await import('../dist/bench/main.js');
