import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { eventually, freePort, temporaryDirectory, Watched } from '../child.js';

/** The only account of a closed registry. */
export const LOGIN = { username: 'ann', password: 'open-sesame' };
const HASH = '$2b$04$abcdefghijklmnopqrstuuXcjcm5avyCiJoD2uS24xa2lb6fjMB3G';

/** A registry of images of this test. Engines speak plain HTTP to those on loopback. */
export class ImageRegistry {
  private constructor(
    private readonly process: Watched,
    /** `host:port`. */
    readonly host: string,
    private readonly cleanUp: () => Promise<void>,
  ) {}

  /** @param isClosed whether it wants {@link LOGIN} */
  static async start(isClosed = false): Promise<ImageRegistry> {
    const directory = temporaryDirectory('registry');
    const host = `127.0.0.1:${await freePort()}`;
    const passwords = join(directory.path, 'htpasswd');
    writeFileSync(passwords, `${LOGIN.username}:${HASH}\n`);
    const auth = isClosed ? { auth: { htpasswd: { realm: 'test', path: passwords } } } : {};
    const file = join(directory.path, 'config.json');
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({
        ...{ version: 0.1, log: { level: 'error', accesslog: { disabled: true } } },
        ...{ storage: { filesystem: { rootdirectory: join(directory.path, 'data') } }, http: { addr: host }, ...auth },
      }),
    );
    const process = new Watched(spawn('docker-registry', ['serve', file], { stdio: ['ignore', 'pipe', 'pipe'] }));
    await eventually('the registry answers', () => {
      if (!process.isRunning) throw new Error(`the registry ended: ${process.logs}`);

      return answers(host);
    });

    return new ImageRegistry(process, host, directory.remove);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGTERM');
    await this.cleanUp();
  }
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request(`http://${host}/v2/`, { agent: false }, (reply) => {
      reply.resume();
      resolve(true);
    });
    outgoing.on('error', () => resolve(false));
    outgoing.end();
  });
}
