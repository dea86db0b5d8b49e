import { Module } from '@nestjs/common';
import { ShellsController } from './shells.controller.js';
import { ShellsRepository } from './shells.repository.js';
import { ShellsService } from './shells.service.js';

/** The runtimes that bots run in. */
@Module({
  controllers: [ShellsController],
  providers: [ShellsService, ShellsRepository],
  exports: [ShellsService],
})
export class ShellsModule {}
