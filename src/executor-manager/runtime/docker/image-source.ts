import { Injectable } from '@nestjs/common';
import { AppError } from '../../../common/app-error.js';
import type { ImageReference } from '../../../common/image-reference.js';
import { AppConfig } from '../../../config/app-config.js';
import { RegistryEgress } from '../../../infra/http/client/registry-egress.js';
import type { RuntimeImage, WantedImage } from '../container-runtime.js';
import { EngineTrouble, ImageProblem } from '../runtime-errors.js';
import { DockerEngine } from './docker-engine.js';
import { RegistryLogins } from './registry-logins.js';

/** Images for validations and for executors: from the engine, else from their registry, if that is one they may come from. */
@Injectable()
export class ImageSource {
  private readonly registries: RegistryEgress;

  constructor(
    private readonly config: AppConfig,
    private readonly engine: DockerEngine,
    private readonly logins: RegistryLogins,
  ) {
    this.registries = new RegistryEgress(config.images.registries, config.egress);
  }

  /** See `ContainerRuntime.obtainImage`. */
  async obtain(
    { reference, isTrusted }: WantedImage,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<RuntimeImage> {
    const known = this.config.manager.pullPolicy === 'always' ? null : await this.engine.findImage(reference);
    if (known) return known;
    if (!isTrusted) await this.checkRegistry(reference);
    const login = await this.logins.for(reference);
    await this.engine.pull(reference, login, onProgress, signal);
    const pulled = await this.engine.findImage(reference);
    if (!pulled) throw new EngineTrouble('internal', `${reference.canonical} was pulled and is gone`);

    return pulled;
  }

  /** @throws ImageProblem when the engine may not connect to the image's registry, EngineTrouble when that has no address */
  private async checkRegistry(reference: ImageReference): Promise<void> {
    const refusal = await this.registries.refusalOf(reference).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      throw new EngineTrouble('registry_unavailable', error.message);
    });
    if (refusal !== null) throw new ImageProblem(`${reference.canonical} ${refusal}`);
  }
}
