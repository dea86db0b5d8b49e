import { existsSync } from 'node:fs';
import { quiet } from './command.mjs';
import { UserError } from './log.mjs';
import { inRoot, tool } from './paths.mjs';

const DOCUMENT = inRoot('dist', 'openapi.json');
const TYPES = inRoot('web', 'src', 'api', 'schema.ts');

/**
 * Writes the OpenAPI document of the built server and, from it, the types that the page is compiled with, unless they are
 * there: a build of the server empties dist/. They are not kept in the repository, so that a page that asks for what the
 * API does not have never compiles.
 * @throws UserError when one of them cannot be made
 */
export function ensureWebTypes() {
  if (existsSync(DOCUMENT) && existsSync(TYPES)) return;
  must(process.execPath, [inRoot('dist', 'src', 'write-api-document.js'), DOCUMENT]);
  // A field with a default may be left out of requests.
  must(tool('openapi-typescript'), [DOCUMENT, '--default-non-nullable=false', '--output', TYPES]);
}

function must(program, args) {
  const { ok, output } = quiet(program, args);
  if (!ok) throw new UserError(`The types of the page could not be made:\n${output}`);
}
