import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { AuthModule } from '../../auth/auth.module.js';
import { SseModule } from '../../infra/sse/sse-streams.js';
import { ShellsModule } from '../shells.module.js';
import { ValidationTransitions } from './validation-transitions.js';
import { ValidationCache } from './validation-cache.js';
import { ValidationEventsService } from './validation-events.js';
import { ValidationStarter } from './validation-starter.js';
import { ValidationSweeper } from './validation.sweeper.js';
import { ValidationReportsController, ValidationsController } from './validations.controller.js';
import { IMAGE_VALIDATIONS, ValidationsProcessor } from './validations.processor.js';
import { ValidationsRepository } from './validations.repository.js';
import { ValidationsService } from './validations.service.js';

/** Finds out, by an executor manager, whether users' images can be used, and keeps the state of their shells. */
@Module({
  imports: [BullModule.registerQueue({ name: IMAGE_VALIDATIONS }), AuthModule, SseModule, ShellsModule],
  controllers: [ValidationsController, ValidationReportsController],
  providers: [
    ...[ValidationsRepository, ValidationCache, ValidationTransitions],
    ...[ValidationStarter, ValidationSweeper, ValidationsProcessor],
    ...[ValidationsService, ValidationEventsService],
  ],
})
export class ImageValidationsModule {}
