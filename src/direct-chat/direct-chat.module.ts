import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AnswerStreamModule } from '../answer-stream/answer-stream.module.js';
import { CHAT_PROVIDERS } from '../common/contracts/chat-provider.js';
import { AppConfig } from '../config/app-config.js';
import { DifyProvider } from '../dify/run/dify.provider.js';
import { DifyModule } from '../dify/dify.module.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { ProviderHttpModule } from '../infra/http/client/provider-http.module.js';
import { ProviderHttp } from '../infra/http/client/provider-http.js';
import { SseModule } from '../infra/sse/sse-streams.js';
import { ModelsModule } from '../models/models.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { AnswerEvents } from './request/answer-events.js';
import { AnswerStreams } from './request/answer-streams.js';
import { WaitingAnswerStarter } from './request/waiting-answer.starter.js';
import { AppInputService } from './queue/app-input.service.js';
import { ChatAdmission } from './queue/chat-admission.js';
import { LoggedEndRecovery, LostRunSweeper } from './queue/lost-run.sweeper.js';
import { ChatRunInspector } from './diagnosis/chat-run.inspector.js';
import { ChatRunner } from './run/chat-runner.js';
import { CHAT_RUNS } from './queue/chat-runs.jobs.js';
import { ChatRunsProcessor } from './queue/chat-runs.processor.js';
import { FollowingRuns } from './queue/following-runs.js';
import { DirectChatCanceller } from './queue/direct-chat.canceller.js';
import { OrphanedTurnFinalizer } from './run/orphaned-turn-finalizer.js';
import { DirectChatBackend } from './direct-chat.backend.js';
import { DirectChatController } from './direct-chat.controller.js';
import { DirectChatService } from './request/direct-chat.service.js';
import { ConnectionTestController } from './connection-test/connection-test.controller.js';
import { ConnectionTestService } from './connection-test/connection-test.service.js';
import { ChatShellProvider } from './providers/chat.provider.js';
import { PipelineSteps } from './run/pipeline-steps.js';
import { ProviderCalls } from './run/provider-calls.js';
import { QueuePositions } from './queue/queue-positions.js';
import { ActiveRuns, RunOwnershipCheck } from './run/active-runs.js';
import { RunFinalizer } from './run/run-finalizer.js';
import { RunPlans } from './plan/run-plan.js';
import { ChatRunQueue } from './queue/chat-run-queue.js';
import { RunStreams } from './run/run-streams.js';
import { TurnLoader } from './run/turn-loader.js';
import { ProviderRuns } from './run/provider-runs.js';
import { RunningStatusBatcher } from './run/running-status-batcher.js';
import { SessionHistory } from './plan/session-history.js';
import { TASK_TITLES } from './titles/task-titles.jobs.js';
import { TaskTitles } from './titles/task-titles.js';
import { TaskTitlesProcessor } from './titles/task-titles.processor.js';

/** One chat turn: from the request to its streamed, resumable, cancellable answer. */
@Module({
  imports: [
    BullModule.registerQueue({ name: CHAT_RUNS }, { name: TASK_TITLES }),
    AnswerStreamModule,
    TasksModule,
    TeamsModule,
    ModelsModule,
    SseModule,
    ProviderHttpModule,
    DifyModule,
    ExecutorsModule,
  ],
  controllers: [DirectChatController, ConnectionTestController],
  providers: [
    {
      provide: CHAT_PROVIDERS,
      inject: [ProviderHttp, AppConfig, DifyProvider],
      useFactory: (http: ProviderHttp, { provider }: AppConfig, dify: DifyProvider) => {
        const { firstTokenTimeoutMs: firstTokenMs, idleTimeoutMs: idleMs, totalTimeoutMs: totalMs } = provider;
        const { endSilenceMs } = provider;

        return [new ChatShellProvider(http, { firstTokenMs, idleMs, totalMs, endSilenceMs }), dify];
      },
    },
    ...[ActiveRuns, RunOwnershipCheck, RunStreams, RunPlans, RunFinalizer, ChatRunQueue, SessionHistory],
    ...[TurnLoader, ProviderRuns, RunningStatusBatcher, ProviderCalls, PipelineSteps, ChatRunner],
    ...[
      ChatRunsProcessor,
      FollowingRuns,
      LostRunSweeper,
      LoggedEndRecovery,
      DirectChatCanceller,
      OrphanedTurnFinalizer,
    ],
    ...[TaskTitles, TaskTitlesProcessor],
    ...[ChatRunInspector, DirectChatBackend, WaitingAnswerStarter],
    ...[
      ConnectionTestService,
      ChatAdmission,
      QueuePositions,
      DirectChatService,
      AnswerStreams,
      AnswerEvents,
      AppInputService,
    ],
  ],
  exports: [AnswerStreams, AnswerEvents],
})
export class DirectChatModule {}
