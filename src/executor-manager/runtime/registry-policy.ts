import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import type { ImageReference } from '../../common/image-reference.js';
import { AppConfig } from '../../config/app-config.js';
import { RegistryEgress } from '../../infra/http/client/registry-egress.js';
import { EngineTrouble, ImageProblem } from './runtime-errors.js';

/** The registries that images of users may come from. */
@Injectable()
export class RegistryPolicy {
  private readonly registries: RegistryEgress;

  constructor(config: AppConfig) {
    this.registries = new RegistryEgress(config.images.registries, config.egress);
  }

  /** @throws ImageProblem when the engine may not connect to the image's registry, EngineTrouble when that has no address */
  async check(reference: ImageReference): Promise<void> {
    const refusal = await this.registries.refusalOf(reference).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      throw new EngineTrouble('registry_unavailable', error.message);
    });
    if (refusal !== null) throw new ImageProblem(`${reference.canonical} ${refusal}`);
  }
}
