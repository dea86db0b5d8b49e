import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { CHAT_PROVIDERS } from '../common/chat-provider.js';
import { AppConfig } from '../config/app-config.js';
import { DifyProvider } from '../dify/dify.provider.js';
import { DifyModule } from '../dify/dify.module.js';
import { ProviderHttpModule } from '../infra/http/provider-http.module.js';
import { ProviderHttp } from '../infra/http/provider-http.js';
import { SseModule } from '../infra/http/sse.module.js';
import { ModelsModule } from '../models/models.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { AnswerStreams } from './answer-streams.js';
import { AppInputService } from './app-input.service.js';
import { ChatAdmission } from './chat-admission.js';
import { ChatMaintenanceProcessor } from './chat-maintenance.processor.js';
import { ChatRunInspector } from './chat-run.inspector.js';
import { ChatRunner } from './chat-runner.js';
import { CHAT_MAINTENANCE, CHAT_RUNS } from './chat-runs.jobs.js';
import { ChatRunsProcessor } from './chat-runs.processor.js';
import { ChatTurns } from './chat-turns.js';
import { DirectChatTeams } from './direct-chat-teams.js';
import { DirectChatCanceller } from './direct-chat.canceller.js';
import { DirectChatController } from './direct-chat.controller.js';
import { DirectChatService } from './direct-chat.service.js';
import { EndWithoutRun } from './end-without-run.js';
import { HandedOver } from './handed-over.js';
import { ModelProbeController } from './model-probe.controller.js';
import { ModelProbe } from './model-probe.js';
import { ChatShellProvider } from './providers/chat.provider.js';
import { PipelineSteps } from './pipeline-steps.js';
import { ProviderCalls } from './provider-calls.js';
import { QueuePlaces } from './queue-places.js';
import { RunClaims } from './run-claims.js';
import { RunEnding } from './run-ending.js';
import { RunLaunch } from './run-launch.js';
import { RunPlans } from './run-plan.js';
import { RunQueue } from './run-queue.js';
import { RunRegistry } from './run-registry.js';
import { RunStarts } from './run-starts.js';
import { RunStreams } from './run-streams.js';
import { RunTurns } from './run-turns.js';
import { RunUpstreams } from './run-upstreams.js';
import { RunningReports } from './running-reports.js';
import { SessionHistory } from './session-history.js';
import { StreamEndings } from './stream-endings.js';
import { LogWriter } from './stream/log-writer.js';
import { StreamHub } from './stream/stream-hub.js';
import { StreamLog } from './stream/stream-log.js';
import { StreamReader } from './stream/stream-reader.js';
import { StreamSignsReader } from './stream/stream-signs.js';

/** One chat turn: from the request to its streamed, resumable, cancellable answer. */
@Module({
  imports: [
    BullModule.registerQueue({ name: CHAT_RUNS }, { name: CHAT_MAINTENANCE }),
    TasksModule,
    TeamsModule,
    ModelsModule,
    SseModule,
    ProviderHttpModule,
    DifyModule,
  ],
  controllers: [DirectChatController, ModelProbeController],
  providers: [
    {
      provide: CHAT_PROVIDERS,
      inject: [ProviderHttp, AppConfig, DifyProvider],
      useFactory: (http: ProviderHttp, { provider }: AppConfig, dify: DifyProvider) => {
        const { firstTokenTimeoutMs: firstTokenMs, idleTimeoutMs: idleMs, totalTimeoutMs: totalMs } = provider;

        return [new ChatShellProvider(http, { firstTokenMs, idleMs, totalMs }), dify];
      },
    },
    ...[StreamLog, StreamHub, StreamReader, LogWriter],
    ...[RunRegistry, RunClaims, RunStreams, RunPlans, RunEnding, RunLaunch, RunQueue, SessionHistory],
    ...[RunTurns, RunUpstreams, RunningReports, HandedOver, ProviderCalls, PipelineSteps, ChatRunner, RunStarts],
    ...[ChatRunsProcessor, ChatMaintenanceProcessor, StreamEndings, DirectChatCanceller, EndWithoutRun],
    ...[StreamSignsReader, ChatRunInspector],
    ...[
      ModelProbe,
      ChatAdmission,
      QueuePlaces,
      DirectChatTeams,
      ChatTurns,
      DirectChatService,
      AnswerStreams,
      AppInputService,
    ],
  ],
})
export class DirectChatModule {}
