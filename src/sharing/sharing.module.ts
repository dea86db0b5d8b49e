import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DirectChatModule } from '../direct-chat/direct-chat.module.js';
import { SseModule } from '../infra/sse/sse-streams.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { ExportController } from './export/export.controller.js';
import { ExportService } from './export/export.service.js';
import { SharedController } from './links/shared.controller.js';
import { SharedService } from './links/shared.service.js';
import { TaskLinksController } from './links/task-links.controller.js';
import { TaskLinksService } from './links/task-links.service.js';

/** How conversations get elsewhere: as files, and by links. */
@Module({
  imports: [AuthModule, TasksModule, DirectChatModule, SseModule],
  controllers: [ExportController, TaskLinksController, SharedController],
  providers: [ExportService, TaskLinksService, SharedService],
})
export class SharingModule {}
