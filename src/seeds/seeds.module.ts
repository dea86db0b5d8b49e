import { Module } from '@nestjs/common';
import { BotsModule } from '../bots/bots.module.js';
import { ModelsModule } from '../models/models.module.js';
import { ShellsModule } from '../shells/shells.module.js';
import { TeamsModule } from '../teams/teams.module.js';
import { SeedStore } from './seed-store.js';
import { SeedsService } from './seeds.service.js';

/** Public shells, models, bots and teams from the YAML files of `SEEDS_DIR`. Needs a global EmbeddedSimulator. */
@Module({
  imports: [ShellsModule, ModelsModule, BotsModule, TeamsModule],
  providers: [SeedsService, SeedStore],
  exports: [SeedsService],
})
export class SeedsModule {}
