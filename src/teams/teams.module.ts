import { Module } from '@nestjs/common';
import { BotsModule } from '../bots/bots.module.js';
import { ResolvedTeams } from './resolved-teams.js';
import { TeamsController } from './teams.controller.js';
import { TeamsRepository } from './teams.repository.js';
import { TeamsService } from './teams.service.js';

/** Teams: bots and a way to work together. */
@Module({
  imports: [BotsModule],
  controllers: [TeamsController],
  providers: [TeamsService, TeamsRepository, ResolvedTeams],
  exports: [TeamsService],
})
export class TeamsModule {}
