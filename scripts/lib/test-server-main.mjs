/**
 * Copied to `dist/test-server/main.mjs`: runs `server.cjs` beside it with the code that V8 has compiled before. With
 * `CONCH_TEST_CODE=write` it writes that code instead, when SIGTERM comes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Script } from 'node:vm';

const filename = `${import.meta.dirname}/server.cjs`;
const code = `${import.meta.dirname}/server.code`;
const require = createRequire(filename);
// The file is ASCII: read as such, it is one byte a character in memory as well.
const text = `(function (require, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`;
const isWriting = process.env.CONCH_TEST_CODE === 'write';
const cachedData = !isWriting && existsSync(code) ? readFileSync(code) : undefined;
const script = new Script(text, { filename, cachedData });

script.runInThisContext()(require, filename, import.meta.dirname);
// What has been compiled until then is what a start and an end need.
if (isWriting) process.once('SIGTERM', () => writeFileSync(code, script.createCachedData()));
