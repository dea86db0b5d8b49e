import { spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say, UserError } from './log.mjs';
import { inRoot } from './paths.mjs';

const SOURCE = inRoot('dist', 'src');
const ENTRY = join(SOURCE, 'main.js');
const PROGRAM = inRoot('dist', 'test-server', 'main.mjs');
const BUNDLE = inRoot('dist', 'test-server', 'server.cjs');
const STAMP = inRoot('dist', 'test-server', '.stamp');

/** Those of the servers of the tests: V8 refuses code that was compiled with others. */
const V8_FLAGS = ['--liftoff-only', '--wasm-num-compilation-tasks=1'];

/** Loaded from node_modules at run time: native code, WebAssembly, files beside the code, and what is not installed. */
const EXTERNAL = [
  ...['@node-rs/*', 'cpu-features', 'ssh2', 'pg-native', '@electric-sql/pglite'],
  ...['@fastify/static', '@fastify/view', 'swagger-ui-dist', '@bull-board/ui'],
  ...['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express'],
  // Loaded by managers with Kubernetes alone: thousands of modules.
  '@kubernetes/client-node',
];

/** Modules of packages find each other from here. */
const PRELUDE = `const bundleUrl = require('node:url').pathToFileURL(__filename).href;`;

/** Files of this project are found from where they were; a script has no `await` outside of functions. */
const fitForScript = {
  name: 'fit-for-script',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(SOURCE)) return undefined;
      const text = await readFile(path, 'utf8');
      const contents = text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));

      return {
        loader: 'js',
        contents: path === ENTRY ? contents.replace(/^try \{[\s\S]*/m, 'void (async () => {\n$&\n})();') : contents,
      };
    });
  },
};

/**
 * Makes one file of the compiled server and its packages, and compiles it, unless it is the one of this build: tests
 * start a server some hundred times, and so it takes a third of the time.
 * @returns path of its program
 */
export async function ensureTestServer() {
  const stamp = stampOf();
  if (existsSync(PROGRAM) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return PROGRAM;
  say('Bundling the server for the tests ...');
  // Only now: a fresh clone has no packages when this file is loaded.
  const { build } = await import('esbuild');
  await build({
    entryPoints: [ENTRY],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    // V8 keeps what it has compiled of scripts, not of modules; `import()` of a script with such code fails in Node 20.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'bundleUrl' },
    keepNames: true,
    // Parsing what comments and blanks it has would cost each start a tenth of a second.
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    external: EXTERNAL,
    plugins: [fitForScript],
    banner: { js: PRELUDE },
  });
  // esbuild has left it in regular expressions alone. One such character makes all of a text twice as large in memory.
  const inAscii = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(BUNDLE, readFileSync(BUNDLE, 'utf8').replace(/[\u0080-\uffff]/g, inAscii));
  copyFileSync(inRoot('scripts', 'lib', 'test-server-main.mjs'), PROGRAM);
  await compile();
  writeFileSync(STAMP, stamp);

  return PROGRAM;
}

/** Starts the server once, and ends it, so that it writes what V8 has compiled. @throws when it does not start */
async function compile() {
  const directory = mkdtempSync(join(tmpdir(), 'conch-compile-'));
  const { PATH, HOME } = process.env;
  const settings = { DATA_DIR: directory, SEEDS_DIR: inRoot('seeds'), SIMULATOR: 'off', EXECUTOR_MANAGER: 'off' };
  const env = { PATH, HOME, PORT: '0', ...settings, CONCH_TEST_CODE: 'write' };
  const child = spawn(process.execPath, [...V8_FLAGS, PROGRAM], { cwd: directory, env });
  let output = '';
  for (const part of [child.stdout, child.stderr]) {
    part.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (output.includes('Conch is ready')) child.kill('SIGTERM');
    });
  }
  const status = await new Promise((resolve) => child.once('close', resolve));
  rmSync(directory, { recursive: true, force: true });
  if (status !== 0) throw new UserError(`The server of the tests does not start:\n${output}`);
}

/** Changes with every build, and with what makes the file. */
function stampOf() {
  const files = readdirSync(SOURCE, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.js'));
  const times = files.sort().map((name) => `${name} ${statSync(join(SOURCE, name)).mtimeMs}`);
  const makers = ['test-server.mjs', 'test-server-main.mjs'].map((name) => inRoot('scripts', 'lib', name));
  const own = [inRoot('package-lock.json'), ...makers].map((path) => statSync(path).mtimeMs);

  return [process.version, ...own, ...times].join('\n');
}
