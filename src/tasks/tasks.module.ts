import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { SseModule } from '../infra/sse/sse-streams.js';
import { BotsModule } from '../bots/bots.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { ConversationPaths } from './turns/conversation-paths.js';
import { AnswerTurnsRepository } from './turns/answer-turns.repository.js';
import { ConversationSearch } from './conversations/conversation-search.js';
import { ConversationsController } from './conversations/conversations.controller.js';
import { ConversationsRepository } from './conversations/conversations.repository.js';
import { ConversationsService } from './conversations/conversations.service.js';
import { TaskDiagnosisController } from './diagnosis/task-diagnosis.controller.js';
import { TaskDiagnosisService } from './diagnosis/task-diagnosis.service.js';
import { TaskEventLog } from './events/task-event-log.js';
import { TaskEventsController } from './events/task-events.controller.js';
import { TaskEventsRepository } from './events/task-events.repository.js';
import { TaskEventsService } from './events/task-events.service.js';
import { AnswerBackends } from './backends/answer-backends.js';
import { TaskCancellationsProcessor, TaskCancelService } from './cancel/task-cancel.service.js';
import { TaskChangePublisher } from './events/task-change.publisher.js';
import { TaskUpdatesProcessor } from './status/task-updates.processor.js';
import { TaskUpdatesRepository } from './status/task-updates.repository.js';
import { TaskUpdatesService } from './status/task-updates.service.js';
import { TasksController } from './tasks.controller.js';
import { TASK_CANCELLATIONS, TASK_UPDATES } from './tasks.jobs.js';
import { TasksRepository } from './tasks.repository.js';
import { TasksService } from './tasks.service.js';
import { IdempotentStarts } from './turns/idempotency.js';
import { TurnsRepository } from './turns/turns.repository.js';
import { TurnQuotas } from './turns/turn-quotas.js';
import { TurnsService } from './turns/turns.service.js';
import { FollowUpStarter } from './follow-ups/follow-up-starter.js';
import { FollowUpsController } from './follow-ups/follow-ups.controller.js';
import { FollowUpsRepository } from './follow-ups/follow-ups.repository.js';
import { FollowUpsService } from './follow-ups/follow-ups.service.js';
import { BranchesService } from './versions/branches.service.js';
import { VersionsController } from './versions/versions.controller.js';
import { VersionsRepository } from './versions/versions.repository.js';
import { VersionsService } from './versions/versions.service.js';
import { UpdateQueue } from './status/update-queue.js';
import { ProviderRunsService } from './backends/provider-runs.service.js';

/** Tasks, their turns and states, and the queues that change them. */
@Module({
  imports: [
    BullModule.registerQueue({ name: TASK_UPDATES }, { name: TASK_CANCELLATIONS }),
    BotsModule,
    TeamsModule,
    SseModule,
  ],
  controllers: [
    TasksController,
    ConversationsController,
    TaskEventsController,
    TaskDiagnosisController,
    VersionsController,
    FollowUpsController,
  ],
  providers: [
    TasksRepository,
    TurnsRepository,
    AnswerTurnsRepository,
    ConversationPaths,
    TasksService,
    TurnQuotas,
    TurnsService,
    IdempotentStarts,
    TaskUpdatesRepository,
    UpdateQueue,
    TaskUpdatesService,
    TaskUpdatesProcessor,
    TaskCancelService,
    TaskCancellationsProcessor,
    AnswerBackends,
    TaskChangePublisher,
    ...[TaskEventLog, TaskEventsRepository, TaskEventsService],
    TaskDiagnosisService,
    ...[VersionsRepository, VersionsService, BranchesService],
    ...[FollowUpsRepository, FollowUpStarter, FollowUpsService],
    ProviderRunsService,
    ...[ConversationsRepository, ConversationSearch, ConversationsService],
  ],
  exports: [
    TaskChangePublisher,
    TaskEventsService,
    TasksService,
    TurnsService,
    IdempotentStarts,
    ConversationPaths,
    TaskUpdatesService,
    TaskCancelService,
    AnswerBackends,
    ProviderRunsService,
  ],
})
export class TasksModule {}
