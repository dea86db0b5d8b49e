/** npm run screenshots: pictures of the page, from the real server with believable content, in docs/screenshots/. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { run, say } from './lib/log.mjs';
import { checkNode } from './lib/node-version.mjs';
import { inRoot } from './lib/paths.mjs';
import { ensureRedisProgram } from './lib/servers.mjs';
import { ensureWebBuilt } from './lib/web.mjs';

const PICTURES = inRoot('docs', 'screenshots');

await run(async () => {
  checkNode();
  ensureDependencies();
  ensureBuilt();
  ensureWebBuilt();
  ensureRedisProgram();
  mkdirSync(PICTURES, { recursive: true });
  const directory = mkdtempSync(join(tmpdir(), 'conch-pictures-'));
  try {
    await writeAll(directory);
  } finally {
    if (!process.env.KEEP) rmSync(directory, { recursive: true, force: true });
  }
});

async function writeAll(directory) {
  // Only now: a fresh clone has neither packages nor a build when this file is loaded.
  const { startSimulator } = await import('../dist/tools/simulator/simulator.js');
  const { SCRIPTS } = await import('./screenshots/answers.mjs');
  const { App, startManager } = await import('./screenshots/world.mjs');
  const { seed, shiftDays } = await import('./screenshots/seed.mjs');
  const { writePictures } = await import('./screenshots/pictures.mjs');
  const simulator = await startSimulator({ scripts: SCRIPTS });
  const manager = await startManager();
  const app = new App(directory, Number(process.env.PORT) || (await freePort()), manager.url);
  try {
    await app.start();
    const seeded = await seed(app, simulator.url, manager.orders);
    await app.stop();
    await shiftDays(directory, seeded.days);
    await app.start();
    await writePictures({
      ...{ app, seeded, orders: manager.orders, simulatorUrl: simulator.url },
      ...{ folder: PICTURES, only: process.argv.slice(2) },
    });
    say(`The pictures are in ${PICTURES}`);
  } finally {
    await app.stop();
    await simulator.close();
    manager.close();
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
