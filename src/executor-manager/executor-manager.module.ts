import { type DynamicModule, Module } from '@nestjs/common';
import { InternalAccess } from '../auth/internal-access.js';
import { ProcessSignatures, UsedSignatures } from '../infra/redis/used-signatures.js';
import type { Configuration } from '../config/config.module.js';
import { BackendClient } from './reporting/backend.client.js';
import { CallbacksService } from './reporting/callbacks.service.js';
import { DockerEngine } from './engine/docker-engine.js';
import { ExecutorManagerController, ManagerHealthController } from './executor-manager.controller.js';
import { ImageValidator } from './validation/image-validator.js';
import { StaleContainerSweeper } from './validation/stale-container-sweeper.js';
import { RegistryLogins } from './validation/registry-logins.js';
import { ImageValidationRunner } from './validation/image-validation-runner.js';

/** The root of a program of its own: it has neither database nor Redis, only a container engine and the API's address. */
@Module({})
export class ExecutorManagerModule {
  static for({ module }: Configuration): DynamicModule {
    return {
      module: ExecutorManagerModule,
      imports: [module],
      controllers: [ExecutorManagerController, ManagerHealthController],
      providers: [
        { provide: UsedSignatures, useClass: ProcessSignatures },
        ...[InternalAccess, DockerEngine, RegistryLogins, ImageValidator],
        ...[BackendClient, ImageValidationRunner, CallbacksService, StaleContainerSweeper],
      ],
    };
  }
}
