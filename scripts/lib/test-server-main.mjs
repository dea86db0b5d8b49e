/**
 * Copied to `dist/test-server/X.mjs`: runs `X.cjs` beside it with the code that V8 has compiled before. With
 * `CONCH_TEST_CODE=write` it writes that code instead, at its end.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const filename = import.meta.filename.replace(/mjs$/, 'cjs');
const code = import.meta.filename.replace(/mjs$/, 'code');
const require = createRequire(filename);
/** Stands in for `import()` as well, of which a URL is what the build has generated: its default export. */
const load = (name) => (name.startsWith('file:') ? require(fileURLToPath(name)).default : require(name));
// The file is ASCII: read as such, it is one byte a character in memory as well.
const text = `(function (require, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`;
const isWriting = process.env.CONCH_TEST_CODE === 'write';
const cachedData = !isWriting && existsSync(code) ? readFileSync(code) : undefined;
const script = new Script(text, { filename, cachedData });

script.runInThisContext()(Object.assign(load, require), filename, import.meta.dirname);
// What has been compiled until then is what a start and an end need.
if (isWriting) process.once('exit', () => writeFileSync(code, script.createCachedData()));
