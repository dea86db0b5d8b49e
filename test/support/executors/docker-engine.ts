import Docker from 'dockerode';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { eventually, temporaryDirectory, Watched } from '../child.js';

/** What stands at a path of an image: a text (executable), a copy of a file of this machine, or a link. */
export type ImageFile = string | Buffer | { copy: string } | { linkTo: string };
export type ImageFiles = Readonly<Record<string, ImageFile>>;

/** Engines keep copies of whole images, too large for memory. */
const DISK = '/var/tmp';

/** Statically linked: it needs nothing else in an image. */
const BUSYBOX = '/bin/busybox';

/** A shell with its tools, and scripts beside it. */
export function withShell(files: ImageFiles = {}): ImageFiles {
  const tools = ['sh', 'sleep', 'yes', 'ls', 'grep', 'cat'].map((name) => [`bin/${name}`, { linkTo: 'busybox' }]);

  return { 'bin/busybox': { copy: BUSYBOX }, ...(Object.fromEntries(tools) as ImageFiles), ...files };
}

/** A script in the image's shell. */
export const sh = (...lines: string[]): string => ['#!/bin/sh', ...lines, ''].join('\n');

/** A dockerd of this test, with nothing but what the test gives it. It needs root. */
export class DockerServer {
  readonly client: Docker;
  private process: Watched | null = null;

  private constructor(private readonly directory: { path: string; remove: () => Promise<void> }) {
    this.client = new Docker({ socketPath: this.socket });
  }

  static async start(): Promise<DockerServer> {
    const server = new DockerServer(temporaryDirectory('docker', DISK));
    await server.start();

    return server;
  }

  get socket(): string {
    return join(this.directory.path, 'docker.sock');
  }

  /** Starts it (again) on the same data. */
  async start(): Promise<void> {
    const at = (name: string) => join(this.directory.path, name);
    const process = new Watched(
      spawn(
        'dockerd',
        [
          ...['--iptables=false', '--bridge=none', '--log-level=warn'],
          ...[
            '--data-root',
            at('data'),
            '--exec-root',
            at('exec'),
            '--pidfile',
            at('pid'),
            '-H',
            `unix://${this.socket}`,
          ],
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    );
    this.process = process;
    await eventually('dockerd answers', async () => {
      if (!process.isRunning) throw new Error(`dockerd ended: ${process.logs}`);

      return this.client.ping().then(
        () => true,
        () => false,
      );
    });
  }

  /** Ends it with its containers, and removes all that it has. */
  async stop(): Promise<void> {
    for (const { Id } of await this.containers()) await this.client.getContainer(Id).remove({ force: true });
    await this.process?.end('SIGTERM');
    // Containers in the network of the machine leave its namespace mounted, which keeps the directory from being removed.
    spawnSync('umount', ['-l', join(this.directory.path, 'exec/netns/default')]);
    await this.directory.remove();
  }

  /** All containers, whatever their state. */
  containers(): Promise<Docker.ContainerInfo[]> {
    return this.client.listContainers({ all: true });
  }

  /** Makes an image of some files. @param changes lines of a Dockerfile, e.g. `USER agent` */
  async addImage(name: string, files: ImageFiles, changes: readonly string[] = []): Promise<void> {
    const options = { ...splitName(name), fromSrc: '-', ...(changes.length > 0 && { changes: [...changes] }) };
    const archive = archiveOf(files);
    try {
      await finish(await this.client.importImage(archive.path, options));
    } finally {
      await archive.remove();
    }
  }

  /** Gives an image one more name. */
  async tag(image: string, name: string): Promise<void> {
    await this.client.getImage(image).tag(splitName(name));
  }

  /** Takes a name from an image that has others; without effect when there is no such name. */
  async untag(name: string): Promise<void> {
    await this.client
      .getImage(name)
      .remove()
      .catch((error: unknown) => {
        if ((error as { statusCode?: number }).statusCode !== 404) throw error;
      });
  }

  /** Sends an image to a registry, and forgets it here. */
  async push(name: string, login?: { username: string; password: string }): Promise<void> {
    const image = this.client.getImage(name);
    await finish(await image.push({ authconfig: { serveraddress: '', username: '', password: '', ...login } }));
    await image.remove({ force: true });
  }
}

/** A name without its tag, and the tag. */
export function splitName(name: string): { repo: string; tag: string } {
  const [repo = name, tag = 'latest'] = name.split(/:(?=[^/]*$)/);

  return { repo, tag };
}

/** Reads a report of the engine. @throws what it tells as an error */
async function finish(reply: NodeJS.ReadableStream): Promise<void> {
  let text = '';
  for await (const chunk of reply) text += String(chunk);
  const error = /"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  if (error !== undefined) throw new Error(error);
}

function archiveOf(files: ImageFiles): { path: string; remove: () => Promise<void> } {
  const directory = temporaryDirectory('image');
  const root = join(directory.path, 'root');
  for (const [name, file] of Object.entries(files)) place(join(root, name), file);
  const path = join(directory.path, 'image.tar');
  const { status, stderr } = spawnSync('tar', ['-C', root, '-cf', path, '.'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);

  return { path, remove: directory.remove };
}

function place(path: string, file: ImageFile): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof file === 'string' || Buffer.isBuffer(file)) writeFileSync(path, file);
  else if ('copy' in file) copyFileSync(file.copy, path);
  else return symlinkSync(file.linkTo, path);
  chmodSync(path, 0o755);
}
