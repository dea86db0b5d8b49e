import { Module } from '@nestjs/common';
import { ImagePolicy } from './image-policy.js';
import { ShellsController } from './shells.controller.js';
import { ShellsRepository } from './shells.repository.js';
import { ShellsService } from './shells.service.js';

/** The runtimes that bots run in. Whether the images of users' own ones work: see `validations/`. */
@Module({
  controllers: [ShellsController],
  providers: [ShellsService, ShellsRepository, ImagePolicy],
  exports: [ShellsService, ShellsRepository, ImagePolicy],
})
export class ShellsModule {}
