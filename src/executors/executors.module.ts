import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AnswerStreamModule } from '../answer-stream/answer-stream.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { InternalGuard } from '../auth/internal-access.js';
import { ModelsModule } from '../models/models.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { DispatchService } from './dispatch/dispatch.service.js';
import { ExecutionPlans } from './dispatch/execution-plans.js';
import { EXECUTOR_DELETIONS, ExecutorDeletions } from './lifecycle/executor-deletions.js';
import { ExecutorDeletionsProcessor } from './lifecycle/executor-deletions.processor.js';
import { ExecutorManagerClient } from './lifecycle/executor-manager.client.js';
import { ExecutorReportsService } from './reports/executor-reports.service.js';
import { ExecutorCanceller } from './lifecycle/executor.canceller.js';
import { ExecutorBackend } from './executor.backend.js';
import { ExecutorsController } from './executors.controller.js';
import { ExecutorsRepository } from './lifecycle/executors.repository.js';
import { IdleExecutors } from './lifecycle/idle-executors.js';
import { LeaseExpiry } from './lifecycle/lease-expiry.js';
import { LeasesService } from './lifecycle/leases.service.js';
import { DispatchRepository } from './dispatch/dispatch.repository.js';
import { ClaimWaiters } from './dispatch/claim-waiters.js';
import { LivingManagers } from './managers/living-managers.js';
import { ManagedTasksController } from './managers/managed-tasks.controller.js';
import { ManagedTasksRepository } from './managers/managed-tasks.repository.js';
import { ManagedTasksService } from './managers/managed-tasks.service.js';
import { ReleasesService } from './managers/releases.service.js';
import { ReportDedupCache } from './reports/report-dedup-cache.js';
import { ExecutorEventsService } from './stream/executor-events.service.js';
import { ReportedStreams } from './stream/reported-streams.js';
import { StepLabels } from './stream/step-labels.js';
import { StreamWatch } from './stream/stream-watch.js';
import { TurnProjector } from './stream/turn-projector.js';
import { SubtasksRepository } from './subtasks.repository.js';

/** The contract with executor managers: handing out subtasks, their reports, leases, cancels and containers. */
@Module({
  imports: [
    BullModule.registerQueue({ name: EXECUTOR_DELETIONS }),
    ...[AuthModule, AnswerStreamModule, ModelsModule, TeamsModule, TasksModule],
  ],
  controllers: [ExecutorsController, ManagedTasksController],
  providers: [
    InternalGuard,
    ...[DispatchRepository, SubtasksRepository, ExecutorsRepository, ReportDedupCache, ExecutorManagerClient],
    ...[ExecutionPlans, DispatchService, ExecutorReportsService, LeasesService, LeaseExpiry],
    ...[StepLabels, TurnProjector, ReportedStreams, StreamWatch, ExecutorEventsService],
    ...[ExecutorCanceller, ExecutorDeletions, ExecutorDeletionsProcessor, IdleExecutors, ExecutorBackend],
    ...[ManagedTasksRepository, ManagedTasksService, ReleasesService, ClaimWaiters, LivingManagers],
  ],
  exports: [ExecutorBackend, StepLabels, StreamWatch],
})
export class ExecutorsModule {}
