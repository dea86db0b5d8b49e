import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ModelsModule } from '../models/models.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { CancelAcks } from './cancel-acks.js';
import { DispatchService } from './dispatch.service.js';
import { ExecutionPlans } from './execution-plans.js';
import { ExecutorDeletions } from './executor-deletions.js';
import { EXECUTOR_DELETIONS } from './executor-deletions.jobs.js';
import { ExecutorDeletionsProcessor } from './executor-deletions.processor.js';
import { EXECUTOR_LEASES } from './executor-leases.jobs.js';
import { ExecutorLeasesProcessor } from './executor-leases.processor.js';
import { ExecutorManagerClient } from './executor-manager.client.js';
import { ExecutorReportsService } from './executor-reports.service.js';
import { ExecutorCanceller } from './executor.canceller.js';
import { ExecutorsController } from './executors.controller.js';
import { ExecutorInspector } from './executor.inspector.js';
import { LanesRepository } from './lanes.repository.js';
import { LeasesService } from './leases.service.js';
import { OffersRepository } from './offers.repository.js';
import { ReportIntake } from './report-intake.js';
import { ReportNotebook } from './report-notes.js';
import { SubtasksRepository } from './subtasks.repository.js';

/** The contract with executor managers: handing out subtasks, their reports, leases, cancels and containers. */
@Module({
  imports: [
    BullModule.registerQueue({ name: EXECUTOR_LEASES }, { name: EXECUTOR_DELETIONS }),
    ...[AuthModule, ModelsModule, TeamsModule, TasksModule],
  ],
  controllers: [ExecutorsController],
  providers: [
    ...[OffersRepository, SubtasksRepository, ReportNotebook, CancelAcks, ExecutorManagerClient],
    ...[ExecutionPlans, DispatchService, ReportIntake, ExecutorReportsService, LeasesService, ExecutorLeasesProcessor],
    ...[LanesRepository, ExecutorInspector],
    ...[ExecutorCanceller, ExecutorDeletions, ExecutorDeletionsProcessor],
  ],
})
export class ExecutorsModule {}
