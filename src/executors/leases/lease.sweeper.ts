import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { MaintenanceTasks } from '../../infra/queue/maintenance-tasks.js';
import { LeasesService } from './leases.service.js';

const MIN_MS = 1_000;
const MAX_MS = 10_000;

/** Looks again and again for leases that have run out: ten times within the time of a lease. */
@Injectable()
export class LeaseSweeper implements OnModuleInit {
  constructor(
    private readonly maintenance: MaintenanceTasks,
    private readonly leases: LeasesService,
    private readonly config: AppConfig,
  ) {}

  onModuleInit(): void {
    const everyMs = Math.min(Math.max(this.config.executors.leaseSeconds * 100, MIN_MS), MAX_MS);
    this.maintenance.register({ name: 'expire-leases', everyMs, run: () => this.leases.expire() });
  }
}
