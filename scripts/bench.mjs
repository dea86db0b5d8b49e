/** npm run bench: measures; arguments go to bench/main.ts. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensurePeers } from './lib/peers.mjs';
import { ensureChromium, ensureRedisProgram } from './lib/servers.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

const { argv } = process;
const only = argv.indexOf('--only');
const isChosen = only !== -1 || argv.includes('--rows') || argv.includes('--phases');
const measuresPage = !isChosen || argv[only + 1]?.split(',').includes('web');

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureWebBuilt();
  ensureRedisProgram();
  if (argv.includes('--peers')) ensurePeers();
  if (measuresPage) process.env.CHROMIUM = ensureChromium();
});
await import('../dist/bench/main.js');
