/** npm run validate-image -- IMAGE --shell ClaudeCode: the checks of the executor manager, on this machine's Docker. */
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { environment } from './lib/environment.mjs';
import { run } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  const { validateImage } = await import('../dist/src/executor-manager/validate-image.js');
  process.exitCode = await validateImage(process.argv.slice(2), environment(), process.stdout);
});
