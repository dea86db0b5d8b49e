import { Injectable } from '@nestjs/common';
import { Readable } from 'node:stream';
import type { Labels, VolumeFile, VolumeInfo } from '../container-runtime.js';
import { DockerClient } from './docker-client.js';
import { filterOf, orNull } from './docker-filters.js';
import { engineCall, engineStatus } from './engine-errors.js';
import { archiveOf, openDirectory } from './volume-archive.js';

/** An image of one empty directory: enough for a container that is never started, through which a volume is filled. */
const EMPTY_IMAGE = { repo: 'conch-empty', tag: '1' };
const EMPTY_NAME = `${EMPTY_IMAGE.repo}:${EMPTY_IMAGE.tag}`;
const PLACE = '/conch';

/** Volumes of Docker. */
@Injectable()
export class DockerVolumes {
  constructor(private readonly docker: DockerClient) {}

  async ensure(name: string, labels: Labels): Promise<void> {
    await engineCall(this.docker.createVolume({ Name: name, Labels: { ...labels } }));
  }

  /**
   * A container of the volume's name exists from the moment on at which the volume is complete; it is never started. A
   * manager that is killed meanwhile leaves one of another name.
   */
  async ensureFiles(name: string, labels: Labels, files: readonly VolumeFile[]): Promise<void> {
    if (await orNull(engineCall(this.docker.getContainer(name).inspect()))) return;
    const filling = `${name}-filling`;
    await this.removeContainer(filling);
    await this.ensure(name, labels);
    await this.ensureEmptyImage();
    const container = await engineCall(
      this.docker.createContainer({
        ...{ name: filling, Image: EMPTY_NAME, Cmd: ['none'], Labels: { ...labels } },
        HostConfig: { NetworkMode: 'none', Binds: [`${name}:${PLACE}:rw,nocopy`] },
      }),
    );
    // As long as the engine needs for a hundred megabytes on a slow disk: no limit but the engine's own.
    await container.putArchive(archiveOf(files), { path: PLACE });
    await engineCall(container.rename({ name }));
  }

  async list(labels: Labels): Promise<VolumeInfo[]> {
    const { Volumes } = await engineCall(this.docker.listVolumes({ filters: filterOf(labels) }));

    // Null without any.
    return ((Volumes as typeof Volumes | null) ?? []).map(({ Name, Labels: all }) => ({ name: Name, labels: all }));
  }

  /** @returns false when a container uses it */
  async remove(name: string): Promise<boolean> {
    await this.removeContainer(name);
    try {
      await orNull(engineCall(this.docker.getVolume(name).remove()));

      return true;
    } catch (error) {
      if (engineStatus((error as Error).cause) !== 409) throw error;

      return false;
    }
  }

  private async removeContainer(name: string): Promise<void> {
    await orNull(engineCall(this.docker.getContainer(name).remove({ force: true })));
  }

  private async ensureEmptyImage(): Promise<void> {
    if (await orNull(engineCall(this.docker.getImage(EMPTY_NAME).inspect()))) return;
    const stream = Readable.from([openDirectory()], { objectMode: false });
    const reply = await engineCall(this.docker.importImage(stream, { ...EMPTY_IMAGE, fromSrc: '-' }));
    for await (const _ of reply);
  }
}
