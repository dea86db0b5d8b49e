/** npm run emulator: the executor emulator; arguments (`--backend`, `--port` …) go to it. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
});
await import('../dist/tools/executor-emulator/main.js');
