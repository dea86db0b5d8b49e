import { type DynamicModule, Module } from '@nestjs/common';
import { InternalAccess } from '../auth/internal-access.js';
import { ProcessSignatures, UsedSignatures } from '../infra/redis/used-signatures.js';
import type { Configuration } from '../config/config.module.js';
import { BackendClient } from './reporting/backend.client.js';
import { CallbacksService } from './reporting/callbacks.service.js';
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
import { runtimeProviders } from './runtime/runtime-providers.js';
import { ImageValidationRunner } from './validation/image-validation-runner.js';

/** The root of a program of its own: it has neither database nor Redis, only a container engine and the API's address. */
@Module({})
export class ExecutorManagerModule {
  static for({ config, module }: Configuration): DynamicModule {
    return {
      module: ExecutorManagerModule,
      imports: [module],
      controllers: [ExecutorManagerController, ManagerHealthController, ManagerMetricsController],
      providers: [
        { provide: UsedSignatures, useClass: ProcessSignatures },
        ...runtimeProviders(config),
        ...[InternalAccess, ImageValidator],
        ...[TaskApi, ExecutorProgram, ExecutorContainers, RunReporter, ExecutorRunner, RunSupervisor],
        ...[IdleSweeper, WorkLoop, ExecutorOrdersService],
        ...[BackendClient, ImageValidationRunner, CallbacksService, StaleContainerSweeper],
      ],
    };
  }
}
