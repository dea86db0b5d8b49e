import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppConfig } from '../../config/app-config.js';
import { ContainerRuntime, type VolumeFile } from '../runtime/container-runtime.js';
import { LABELS } from '../runtime/runtime-labels.js';
import { ExecutorNames } from './executor-names.js';

/** Where the program is in each container. */
export const PROGRAM_PATH = '/conch';
export const PROGRAM_COMMAND = [`${PROGRAM_PATH}/node/bin/node`, `${PROGRAM_PATH}/executor.mjs`] as const;
/** In the directory of the compiled project. */
const BUILT = fileURLToPath(new URL('../../../executor', import.meta.url));
const ENTRY = 'executor.mjs';
/** What the Node binary of nodejs.org loads, which all images with glibc have: names without versions. */
const USUAL_LIBRARIES = /^(linux-vdso|ld-linux.*|libc|libm|libdl|libpthread|librt|libgcc_s|libstdc\+\+|libatomic)$/;
const HASH_CHARS = 12;

/** Executors cannot be started, for a reason that no claim of work changes. */
export class ProgramMissing extends Error {}

/** The program of executors with the Node binary that runs it, in a volume that all containers mount read-only. */
@Injectable()
export class ExecutorProgram {
  private readonly names: ExecutorNames;
  private readonly directory: string;
  private known: Promise<{ files: VolumeFile[]; hash: string }> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly runtime: ContainerRuntime,
  ) {
    this.names = new ExecutorNames(config.manager.name);
    this.directory = config.manager.executors.files ?? BUILT;
  }

  /** Returns the volume, which is filled unless it is there. @throws ProgramMissing, EngineTrouble */
  async volume(): Promise<string> {
    const { files, hash } = await this.content();
    const name = this.names.program(hash);
    await this.runtime.ensureFiles(name, this.labels(hash), files);

    return name;
  }

  /** Removes the volumes of earlier programs that no container uses any more. @throws EngineTrouble */
  async removeOld(): Promise<void> {
    const current = this.names.program((await this.content()).hash);
    const found = await this.runtime.listVolumes(this.labels(''));
    for (const { name } of found) if (name !== current) await this.runtime.removeVolume(name);
  }

  private labels(hash: string) {
    return { [LABELS.manager]: this.config.manager.name, [LABELS.files]: hash };
  }

  private content(): Promise<{ files: VolumeFile[]; hash: string }> {
    this.known ??= this.read().catch((error: unknown) => {
      this.known = null;
      throw error;
    });

    return this.known;
  }

  private async read(): Promise<{ files: VolumeFile[]; hash: string }> {
    if (!existsSync(join(this.directory, ENTRY)))
      throw new ProgramMissing(`${join(this.directory, ENTRY)} does not exist: run "npm run build"`);
    const strange = strangeLibraries();
    if (strange.length > 0)
      throw new ProgramMissing(
        `The Node binary of this process does not run elsewhere, because it needs ${strange.join(', ')}: ` +
          'start the executor manager with the one from nodejs.org',
      );
    const entries = await readdir(this.directory, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => fileOf(this.directory, join(parentPath, name)))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    files.push({ path: 'node/bin/node', source: process.execPath, isExecutable: true });

    return { files, hash: await hashOf(files) };
  }
}

function fileOf(directory: string, source: string): VolumeFile {
  return { path: source.slice(directory.length + 1).replaceAll(sep, '/'), source, isExecutable: false };
}

async function hashOf(files: readonly VolumeFile[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, source } of files) {
    hash.update(`${path}\0`);
    for await (const chunk of createReadStream(source)) hash.update(chunk as Buffer);
  }

  return hash.digest('hex').slice(0, HASH_CHARS);
}

/** Libraries that the binary of this process needs, and images need not have; its addons are none of its own. */
function strangeLibraries(): string[] {
  // Known to Node since 22, and harmless before: names of connected hosts are not looked up.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects = [] } = process.report.getReport() as unknown as { sharedObjects?: string[] };
  const names = sharedObjects.filter((path) => /\.so(\.|$)/.test(path)).map((path) => basename(path));

  return names.filter((name) => !USUAL_LIBRARIES.test(name.replace(/\.so.*$/, '').replace(/-2\.\d+$/, '')));
}
