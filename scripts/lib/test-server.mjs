import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { say } from './log.mjs';
import { inRoot } from './paths.mjs';

const SOURCE = inRoot('dist', 'src');
const BUNDLE = inRoot('dist', 'test-server', 'main.mjs');
const STAMP = inRoot('dist', 'test-server', '.stamp');

/** Loaded from node_modules at run time: native code, WebAssembly, files beside the code, and what is not installed. */
const EXTERNAL = [
  ...['@node-rs/*', 'cpu-features', 'ssh2', 'pg-native', '@electric-sql/pglite'],
  ...['@fastify/static', '@fastify/view', 'swagger-ui-dist', '@bull-board/ui'],
  ...['@nestjs/microservices', '@nestjs/websockets', '@nestjs/platform-express'],
  // Loaded by managers with Kubernetes alone: thousands of modules.
  '@kubernetes/client-node',
];

/** CommonJS packages in a module need these. */
const PRELUDE = `
import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

/** Files of this project are found from where they were. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, async ({ path }) => {
      if (!path.startsWith(SOURCE)) return undefined;
      const text = await readFile(path, 'utf8');

      return { loader: 'js', contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    });
  },
};

/**
 * Makes one file of the compiled server and its packages, unless it is the one of this build: tests start a server some
 * hundred times, and from one file it takes half the time.
 * @returns its path
 */
export async function ensureTestServer() {
  const stamp = stampOf();
  if (existsSync(BUNDLE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp) return BUNDLE;
  say('Bundling the server for the tests ...');
  // Only now: a fresh clone has no packages when this file is loaded.
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(SOURCE, 'main.js')],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    keepNames: true,
    // Parsing what comments and blanks it has would cost each start a tenth of a second.
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'error',
    external: EXTERNAL,
    plugins: [keepPlaces],
    banner: { js: PRELUDE },
  });
  writeFileSync(STAMP, stamp);

  return BUNDLE;
}

/** Changes with every build. */
function stampOf() {
  const files = readdirSync(SOURCE, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.js'));
  const times = files.sort().map((name) => `${name} ${statSync(join(SOURCE, name)).mtimeMs}`);

  return [statSync(inRoot('package-lock.json')).mtimeMs, ...times].join('\n');
}
