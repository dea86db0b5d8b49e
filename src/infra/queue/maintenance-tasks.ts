import { Injectable } from '@nestjs/common';

/** Work that is repeated while the server runs, by one process at a time. */
export interface MaintenanceTask {
  /** Unique; also the name of its jobs in the queue. */
  name: string;
  /** Longest pause in milliseconds; the smaller of it and `MAINTENANCE_INTERVAL_MS` counts. */
  everyMs: number;
  /** A failure is logged, and does not change the schedule. */
  run: () => Promise<void>;
}

/** Registers the maintenance tasks of features, when their modules are initialized. */
@Injectable()
export class MaintenanceTasks {
  private readonly tasks = new Map<string, MaintenanceTask>();

  register(task: MaintenanceTask): void {
    if (this.tasks.has(task.name)) throw new Error(`two maintenance tasks are called "${task.name}"`);
    this.tasks.set(task.name, task);
  }

  get(name: string): MaintenanceTask | undefined {
    return this.tasks.get(name);
  }

  all(): MaintenanceTask[] {
    return [...this.tasks.values()];
  }
}
