import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { SseModule } from '../infra/http/sse.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { AnswerTurnsRepository } from './answer-turns.repository.js';
import { RunInspectors } from './diagnosis/run-inspectors.js';
import { TaskDiagnosisController } from './diagnosis/task-diagnosis.controller.js';
import { TaskDiagnosisService } from './diagnosis/task-diagnosis.service.js';
import { TaskEventLog } from './events/task-event-log.js';
import { TaskEventsController } from './events/task-events.controller.js';
import { TaskEventsRepository } from './events/task-events.repository.js';
import { TaskEventsService } from './events/task-events.service.js';
import { RunCancellers } from './run-cancellers.js';
import { RunStarters } from './run-starters.js';
import { TaskCancelService } from './task-cancel.service.js';
import { TaskCancellationsProcessor } from './task-cancellations.processor.js';
import { TaskChanges } from './task-changes.js';
import { TaskDeletions } from './task-deletions.js';
import { TaskRetryService } from './task-retry.service.js';
import { TaskUpdatesProcessor } from './task-updates.processor.js';
import { TaskUpdatesRepository } from './task-updates.repository.js';
import { TaskUpdatesService } from './task-updates.service.js';
import { TasksController } from './tasks.controller.js';
import { TASK_CANCELLATIONS, TASK_UPDATES } from './tasks.jobs.js';
import { TasksRepository } from './tasks.repository.js';
import { TasksService } from './tasks.service.js';
import { TurnsRepository } from './turns.repository.js';
import { TurnsService } from './turns.service.js';
import { UpdateQueue } from './update-queue.js';

import { UpstreamRunsRepository } from './upstream-runs.repository.js';
import { UpstreamRunsService } from './upstream-runs.service.js';
/** Tasks, their turns and states, and the queues that change them. */
@Module({
  imports: [BullModule.registerQueue({ name: TASK_UPDATES }, { name: TASK_CANCELLATIONS }), TeamsModule, SseModule],
  controllers: [TasksController, TaskEventsController, TaskDiagnosisController],
  providers: [
    TasksRepository,
    TurnsRepository,
    AnswerTurnsRepository,
    TasksService,
    TurnsService,
    TaskUpdatesRepository,
    UpdateQueue,
    TaskUpdatesService,
    TaskUpdatesProcessor,
    TaskCancelService,
    TaskCancellationsProcessor,
    TaskRetryService,
    RunCancellers,
    RunStarters,
    TaskChanges,
    ...[TaskEventLog, TaskEventsRepository, TaskEventsService],
    TaskDeletions,
    ...[RunInspectors, TaskDiagnosisService],
    ...[UpstreamRunsRepository, UpstreamRunsService],
  ],
  exports: [
    TaskChanges,
    TaskDeletions,
    TasksService,
    TurnsService,
    TaskUpdatesService,
    TaskCancelService,
    RunCancellers,
    RunInspectors,
    RunStarters,
    UpstreamRunsService,
  ],
})
export class TasksModule {}
