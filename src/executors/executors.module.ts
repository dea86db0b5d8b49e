import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ModelsModule } from '../models/models.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { CancelAcks } from './lifecycle/cancel-acks.js';
import { DispatchService } from './dispatch/dispatch.service.js';
import { ExecutionPlans } from './dispatch/execution-plans.js';
import { ExecutorDeletions } from './lifecycle/executor-deletions.js';
import { EXECUTOR_DELETIONS } from './lifecycle/executor-deletions.jobs.js';
import { ExecutorDeletionsProcessor } from './lifecycle/executor-deletions.processor.js';
import { LeaseSweeper } from './leases/lease.sweeper.js';
import { ExecutorManagerClient } from './lifecycle/executor-manager.client.js';
import { ExecutorReportsService } from './reports/executor-reports.service.js';
import { ExecutorCanceller } from './lifecycle/executor.canceller.js';
import { ExecutorBackend } from './executor.backend.js';
import { ExecutorsController } from './executors.controller.js';
import { ExecutorInspector } from './diagnosis/executor.inspector.js';
import { DispatchOrderRepository } from './dispatch/dispatch-order.repository.js';
import { LeasesService } from './leases/leases.service.js';
import { DispatchRepository } from './dispatch/dispatch.repository.js';
import { ReportIntake } from './reports/report-intake.js';
import { ReportDedupCache } from './reports/report-dedup-cache.js';
import { SubtasksRepository } from './subtasks.repository.js';

/** The contract with executor managers: handing out subtasks, their reports, leases, cancels and containers. */
@Module({
  imports: [
    BullModule.registerQueue({ name: EXECUTOR_DELETIONS }),
    ...[AuthModule, ModelsModule, TeamsModule, TasksModule],
  ],
  controllers: [ExecutorsController],
  providers: [
    ...[DispatchRepository, SubtasksRepository, ReportDedupCache, CancelAcks, ExecutorManagerClient],
    ...[ExecutionPlans, DispatchService, ReportIntake, ExecutorReportsService, LeasesService, LeaseSweeper],
    ...[DispatchOrderRepository, ExecutorInspector],
    ...[ExecutorCanceller, ExecutorDeletions, ExecutorDeletionsProcessor, ExecutorBackend],
  ],
})
export class ExecutorsModule {}
