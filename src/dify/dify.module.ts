import { Module } from '@nestjs/common';
import { BotsModule } from '../bots/bots.module.js';
import { ProviderHttpModule } from '../infra/http/client/provider-http.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { DifyApps } from './client/dify-apps.js';
import { DifyConnections } from './client/dify-connections.js';
import { DifyAppInfoService } from './client/dify-app-info.service.js';
import { DifyStopper } from './run/dify-stopper.js';
import { DifyConversations } from './run/dify-conversations.js';
import { DifyConversationsRepository } from './run/dify-conversations.repository.js';
import { DifyProvider } from './run/dify.provider.js';
import { DifyClient } from './client/dify.client.js';
import { DifyController, TeamFormController } from './dify.controller.js';
import { FeedbackService } from './feedback.service.js';
import { UploadsService } from './files/uploads.service.js';
import { DifyInputs } from './inputs/dify-inputs.service.js';

/** Dify apps: their facts, forms, files and answers. */
@Module({
  imports: [ProviderHttpModule, BotsModule, TeamsModule, TasksModule],
  controllers: [DifyController, TeamFormController],
  providers: [
    ...[DifyClient, DifyApps, DifyStopper],
    ...[DifyConversations, DifyConversationsRepository, DifyProvider],
    ...[DifyConnections, DifyAppInfoService, UploadsService, FeedbackService, DifyInputs],
  ],
  exports: [DifyClient, DifyApps, DifyStopper, DifyInputs, DifyProvider],
})
export class DifyModule {}
