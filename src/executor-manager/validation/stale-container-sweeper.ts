import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { LABELS } from '../runtime/runtime-labels.js';
import { CheckRuntime } from '../runtime/check-runtime.js';
import { ImageValidationRunner } from './image-validation-runner.js';

const INTERVAL_MS = 60_000;

/**
 * Removes stale containers of validations at the start and once a minute: those that this manager left behind when it was killed, and
 * those of any manager that have expired.
 */
@Injectable()
export class StaleContainerSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(StaleContainerSweeper.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: AppConfig,
    private readonly engine: CheckRuntime,
    private readonly validations: ImageValidationRunner,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), INTERVAL_MS).unref();
    void this.sweep();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async sweep(): Promise<void> {
    try {
      const found = await this.engine.leftOver(LABELS.run);
      const stale = found.filter(({ labels }) => this.isStale(labels));
      for (const container of stale) await container.remove();
      if (stale.length > 0) this.log.warn(`removed ${stale.length} container(s) that were left over`);
    } catch (error) {
      this.log.warn(`containers that are left over cannot be removed: ${(error as Error).message}`);
    }
  }

  private isStale(labels: Readonly<Record<string, string>>): boolean {
    const isOurs = labels[LABELS.manager] === this.config.manager.name;
    const isActive = this.validations.active.some(({ id }) => id === labels[LABELS.run]);

    return (isOurs && !isActive) || Number(labels[LABELS.expires]) < Date.now();
  }
}
