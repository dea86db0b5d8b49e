import { Injectable, Logger } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { loginFor, parseRegistryAuth, type RegistryLogin } from '../../../common/secrets/registry-auth.js';
import type { ImageReference } from '../../../common/image-reference.js';
import { AppConfig } from '../../../config/app-config.js';
import { EngineTrouble } from '../runtime-errors.js';

/** The log-ins of REGISTRY_AUTH or REGISTRY_AUTH_FILE. The file is read each time: passwords change. */
@Injectable()
export class RegistryLogins {
  private readonly log = new Logger(RegistryLogins.name);

  constructor(private readonly config: AppConfig) {}

  /** Returns the log-in for an image; null when none is configured for its repository. @throws EngineTrouble when the file cannot be read */
  async for(reference: ImageReference): Promise<RegistryLogin | null> {
    const { json, file } = this.config.manager.registryAuth;
    try {
      const text = json ?? (file === undefined ? undefined : await readFile(file, 'utf8'));

      return text === undefined ? null : loginFor(parseRegistryAuth(text), reference);
    } catch (error) {
      this.log.error(`REGISTRY_AUTH_FILE ${(error as Error).message}`);
      throw new EngineTrouble('internal', "The executor manager's file of registry log-ins cannot be read");
    }
  }
}
