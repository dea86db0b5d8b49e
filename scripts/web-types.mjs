/** npm run web:types: writes the types of the page from the OpenAPI document of the built server. */
import { ensureBuilt } from './lib/build.mjs';
import { run } from './lib/log.mjs';
import { ensureWebTypes } from './lib/web-types.mjs';

await run(() => {
  ensureBuilt();
  ensureWebTypes();
});
