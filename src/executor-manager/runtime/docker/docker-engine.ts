import { Injectable, Logger } from '@nestjs/common';
import { createInterface } from 'node:readline';
import type { ImageReference } from '../../../common/image-reference.js';
import { isJsonObject } from '../../../common/text/json.js';
import type { RegistryLogin } from '../../../common/secrets/registry-auth.js';
import { CheckRuntime, type LeftOver } from '../check-runtime.js';
import type { Labels, RuntimeImage } from '../container-runtime.js';
import { engineWords } from '../runtime-errors.js';
import { DockerCheckContainer } from './check-container.js';
import { containerOptions } from './container-options.js';
import { DockerClient } from './docker-client.js';
import { engineCall, engineStatus, pullFailure } from './engine-errors.js';
import { PullProgress } from './pull-progress.js';

/** The container engine behind a Unix socket: Docker, or what speaks its API. Its failures are {@link EngineTrouble}. */
@Injectable()
export class DockerEngine extends CheckRuntime {
  private readonly log = new Logger(DockerEngine.name);

  constructor(private readonly docker: DockerClient) {
    super();
  }

  /** Checks that the engine answers. @throws EngineTrouble */
  async ping(): Promise<void> {
    await engineCall(this.docker.ping());
  }

  async platform(): Promise<string> {
    const { Os, Arch } = await engineCall(this.docker.version());

    return `${Os}/${Arch}`;
  }

  /** Returns a local image; null when the engine has none of that name. */
  async findImage(reference: ImageReference): Promise<RuntimeImage | null> {
    try {
      const found = await engineCall(this.docker.getImage(nameOf(reference)).inspect());

      return { id: found.Id, digests: found.RepoDigests, platform: `${found.Os}/${found.Architecture}` };
    } catch (error) {
      if (engineStatus((error as Error).cause) === 404) return null;
      throw error;
    }
  }

  /**
   * Pulls an image from its registry.
   * @param onProgress called with the share that is done, from 0 to 1, never less than before
   * @throws ImageProblem when the image cannot be pulled, EngineTrouble when the cause is not the image
   */
  async pull(
    reference: ImageReference,
    login: RegistryLogin | null,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      // Without a tag the engine would pull all of them.
      const options = { fromImage: repositoryOf(reference), tag: reference.digest ?? reference.tag ?? 'latest' };
      const stream = await this.docker.createImage(login ?? {}, { ...options, abortSignal: signal });
      await follow(stream, onProgress);
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      this.log.warn(`${reference.canonical} was not pulled: ${engineWords(error)}`);
      throw pullFailure(error, reference.canonical, await this.platform());
    }
  }

  async createCheck(image: RuntimeImage, labels: Labels): Promise<DockerCheckContainer> {
    const container = await engineCall(this.docker.createContainer(containerOptions(image.id, labels)));

    return new DockerCheckContainer(container);
  }

  async leftOver(label: string): Promise<LeftOver[]> {
    const found = await engineCall(this.docker.listContainers({ all: true, filters: { label: [label] } }));

    return found.map(({ Id, Labels: labels }) => ({
      labels,
      remove: () => new DockerCheckContainer(this.docker.getContainer(Id)).remove(),
    }));
  }
}

const repositoryOf = ({ registry, repository }: ImageReference) => `${registry}/${repository}`;

function nameOf(reference: ImageReference): string {
  const { tag, digest } = reference;

  return repositoryOf(reference) + (digest === null ? `:${tag ?? 'latest'}` : `@${digest}`);
}

/** Reads the engine's report line by line: a failure comes in it, behind status 200. */
async function follow(stream: NodeJS.ReadableStream, onProgress: (share: number) => void): Promise<void> {
  const progress = new PullProgress();
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (text.trim() === '') continue;
    const line: unknown = JSON.parse(text);
    if (isJsonObject(line) && typeof line.error === 'string') throw new Error(line.error);
    onProgress(progress.update(line));
  }
}
