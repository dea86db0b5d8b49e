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
/** The server and, as a process of its own, the executor manager that it starts. */
const ENTRIES = { main: join(SOURCE, 'main.js'), 'executor-manager': join(SOURCE, 'executor-manager', 'embedded.js') };
const DIRECTORY = inRoot('dist', 'test-server');
const PROGRAM = join(DIRECTORY, 'main.mjs');
const FLAGS = join(DIRECTORY, 'v8-flags.json');
const STAMP = join(DIRECTORY, '.stamp');

/**
 * Of the servers of the tests, which read them from the file beside the program: V8 refuses code that was compiled with
 * others. Most of these servers live for seconds: what is compiled is not compiled again to run faster, and garbage is
 * not collected by helper threads, which together cost a quarter of a start.
 */
const V8_FLAGS = [
  ...['--liftoff-only', '--no-opt', '--single-threaded-gc'],
  // The server sets it itself when it opens its database.
  '--wasm-num-compilation-tasks=1',
];
/** A limit against hanging, not a measurement. */
const START_MS = 300_000;

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

/** Files of this project are found from where they were, and a script has no `await` outside of functions. */
const fitForScript = {
  name: 'fit-for-script',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(SOURCE)) return undefined;
      const text = await readFile(path, 'utf8');
      const contents = text
        .replace("'../../executor-manager/embedded.js'", "'../../../test-server/executor-manager.mjs'")
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      const main = () => contents.replace(/^try \{[\s\S]*/m, 'void (async () => {\n$&\n})();');

      return { loader: 'js', contents: path === ENTRIES.main ? main() : contents };
    });
  },
};

/**
 * Makes one file of the compiled server and its packages, and compiles it, unless it is the one of this build: tests
 * start a server some hundred times, and so it takes half the time.
 * @returns path of its program
 */
export async function ensureTestServer() {
  const stamp = stampOf();
  if (existsSync(PROGRAM) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return PROGRAM;
  say('Bundling the server for the tests ...');
  // Only now: a fresh clone has no packages when this file is loaded.
  const { build } = await import('esbuild');
  await build({
    entryPoints: ENTRIES,
    outdir: DIRECTORY,
    outExtension: { '.js': '.cjs' },
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
  for (const name of Object.keys(ENTRIES)) {
    const [bundle, program] = ['cjs', 'mjs'].map((ending) => join(DIRECTORY, `${name}.${ending}`));
    writeFileSync(bundle, inAscii(readFileSync(bundle, 'utf8')));
    copyFileSync(inRoot('scripts', 'lib', 'test-server-main.mjs'), program);
  }
  writeFileSync(FLAGS, JSON.stringify(V8_FLAGS));
  await compile();
  writeFileSync(STAMP, stamp);

  return PROGRAM;
}

/** Escapes what esbuild leaves in regular expressions: one such character makes all of a text twice as large in memory. */
function inAscii(text) {
  return text.replace(/[\u0080-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Starts both programs once, and ends them, so that they write what V8 has compiled. @throws when one does not start */
async function compile() {
  const directory = mkdtempSync(join(tmpdir(), 'conch-compile-'));
  const { PATH, HOME } = process.env;
  const settings = { DATA_DIR: directory, SEEDS_DIR: inRoot('seeds'), SIMULATOR: 'off', EXECUTOR_MANAGER: 'on' };
  const env = { PATH, HOME, PORT: '0', ...settings, CONCH_TEST_CODE: 'write' };
  const child = spawn(process.execPath, [...V8_FLAGS, PROGRAM], { cwd: directory, env, timeout: START_MS });
  let output = '';
  for (const part of [child.stdout, child.stderr]) {
    part.setEncoding('utf8').on('data', (text) => {
      output += text;
      if ([...output.matchAll(/application successfully started/g)].length === 2) child.kill('SIGTERM');
    });
  }
  // Both write to its output.
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
