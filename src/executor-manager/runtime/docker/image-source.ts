import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../config/app-config.js';
import type { RuntimeImage, WantedImage } from '../container-runtime.js';
import { RegistryPolicy } from '../registry-policy.js';
import { EngineTrouble } from '../runtime-errors.js';
import { DockerEngine } from './docker-engine.js';
import { RegistryLogins } from './registry-logins.js';

/** Images for validations and for executors: from the engine, else from their registry, if that is one they may come from. */
@Injectable()
export class ImageSource {
  constructor(
    private readonly config: AppConfig,
    private readonly engine: DockerEngine,
    private readonly logins: RegistryLogins,
    private readonly registries: RegistryPolicy,
  ) {}

  /** See `ContainerRuntime.obtainImage`. */
  async obtain(
    { reference, isTrusted }: WantedImage,
    onProgress: (share: number) => void,
    signal: AbortSignal,
  ): Promise<RuntimeImage> {
    const known = this.config.manager.pullPolicy === 'always' ? null : await this.engine.findImage(reference);
    if (known) return known;
    if (!isTrusted) await this.registries.check(reference);
    const login = await this.logins.for(reference);
    await this.engine.pull(reference, login, onProgress, signal);
    const pulled = await this.engine.findImage(reference);
    if (!pulled) throw new EngineTrouble('internal', `${reference.canonical} was pulled and is gone`);

    return pulled;
  }
}
