import { type DynamicModule, Module } from '@nestjs/common';
import { InternalAccess } from '../auth/internal-access.js';
import { ProcessSignatures, UsedSignatures } from '../infra/redis/used-signatures.js';
import type { Configuration } from '../config/config.module.js';
import { BackendClient } from './reporting/backend.client.js';
import { CallbacksService } from './reporting/callbacks.service.js';
import { DockerEngine } from './runtime/docker/docker-engine.js';
import {
  ExecutorManagerController,
  ManagerHealthController,
  ManagerMetricsController,
} from './executor-manager.controller.js';
import { ExecutorContainers } from './executors/executor-containers.js';
import { ExecutorOrdersService } from './executors/executor-orders.service.js';
import { ExecutorProgram } from './executors/executor-program.js';
import { ExecutorRunner } from './executors/executor-runner.js';
import { IdleSweeper } from './executors/idle-sweeper.js';
import { RunReporter } from './executors/run-reporter.js';
import { RunSupervisor } from './executors/run-supervisor.js';
import { TaskApi } from './executors/task-api.js';
import { WorkLoop } from './executors/work-loop.js';
import { ImageValidator } from './validation/image-validator.js';
import { StaleContainerSweeper } from './validation/stale-container-sweeper.js';
import { ContainerRuntime } from './runtime/container-runtime.js';
import { DockerClient } from './runtime/docker/docker-client.js';
import { DockerRuntime } from './runtime/docker/docker-runtime.js';
import { DockerVolumes } from './runtime/docker/docker-volumes.js';
import { ImageSource } from './runtime/docker/image-source.js';
import { RegistryLogins } from './runtime/docker/registry-logins.js';
import { ImageValidationRunner } from './validation/image-validation-runner.js';

/** The root of a program of its own: it has neither database nor Redis, only a container engine and the API's address. */
@Module({})
export class ExecutorManagerModule {
  static for({ module }: Configuration): DynamicModule {
    return {
      module: ExecutorManagerModule,
      imports: [module],
      controllers: [ExecutorManagerController, ManagerHealthController, ManagerMetricsController],
      providers: [
        { provide: UsedSignatures, useClass: ProcessSignatures },
        { provide: ContainerRuntime, useClass: DockerRuntime },
        ...[InternalAccess, DockerClient, DockerEngine, DockerVolumes, RegistryLogins, ImageSource, ImageValidator],
        ...[TaskApi, ExecutorProgram, ExecutorContainers, RunReporter, ExecutorRunner, RunSupervisor],
        ...[IdleSweeper, WorkLoop, ExecutorOrdersService],
        ...[BackendClient, ImageValidationRunner, CallbacksService, StaleContainerSweeper],
      ],
    };
  }
}
