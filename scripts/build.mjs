/** npm run build: compiles src, tools and bench into dist/, and the web page into web/dist/. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureWebBuilt();
});
