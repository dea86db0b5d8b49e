import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module.js';
import { ShellsModule } from '../shells/shells.module.js';
import { BotResolver } from './bot-resolver.js';
import { BotServersSealer } from './bot-servers.sealer.js';
import { BotValues } from './bot-values.js';
import { BotsController } from './bots.controller.js';
import { BotsRepository } from './bots.repository.js';
import { BotsService } from './bots.service.js';

/** Bots: a prompt, a shell and a model. */
@Module({
  imports: [ModelsModule, ShellsModule],
  controllers: [BotsController],
  providers: [BotsService, BotResolver, BotValues, BotsRepository, BotServersSealer],
  exports: [BotsService],
})
export class BotsModule {}
