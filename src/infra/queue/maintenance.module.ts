import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { MAINTENANCE, MaintenanceProcessor } from './maintenance.processor.js';

/** Runs the tasks in `MaintenanceTasks`. Imported after all features: their own bootstrap comes first. */
@Module({ imports: [BullModule.registerQueue({ name: MAINTENANCE })], providers: [MaintenanceProcessor] })
export class MaintenanceModule {}
