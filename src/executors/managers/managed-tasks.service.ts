import { Injectable } from '@nestjs/common';
import { keys } from '../../infra/redis/keys.js';
import { RedisClients } from '../../infra/redis/redis-clients.js';
import { isTerminal } from '../../tasks/task-status.js';
import { LeasesService } from '../lifecycle/leases.service.js';
import type { LeaseDto } from '../reports/executor-reports.dto.js';
import type { StageDto, TaskStateDto, TaskStatesDto, TaskStatesQueryDto } from './managed-tasks.dto.js';
import { LivingManagers } from './living-managers.js';
import { ManagedTasksRepository } from './managed-tasks.repository.js';

type TaskStateRow = Awaited<ReturnType<ManagedTasksRepository['withIds']>>[number];

/** Managers repeat what they do every few seconds; then the executor works. */
const STAGE_SECONDS = 10;

/** What managers of executors ask and say about the tasks whose containers they have. */
@Injectable()
export class ManagedTasksService {
  constructor(
    private readonly repository: ManagedTasksRepository,
    private readonly leases: LeasesService,
    private readonly redis: RedisClients,
    private readonly managers: LivingManagers,
  ) {}

  /** Returns the state of each task, of unknown ones too. */
  async states({ task_ids: ids, executor_suffix: suffix, manager }: TaskStatesQueryDto): Promise<TaskStatesDto> {
    if (manager !== undefined) await this.managers.seen(manager);
    const rows = await this.repository.withIds(ids);
    const known = new Set(rows.map(({ taskId }) => taskId));
    const more = suffix === undefined ? [] : await this.repository.withExecutors(suffix);
    const tasks = [...rows, ...more.filter(({ taskId }) => !known.has(taskId))].map(toState);

    return { tasks: [...tasks, ...ids.filter((id) => !known.has(id)).map(deletedState)] };
  }

  /** Extends the lease of a subtask whose container is being prepared, and keeps the words for its diagnosis. @throws as a heartbeat */
  async setStage(subtaskId: number, { stage, executor_name: name }: StageDto): Promise<LeaseDto> {
    const lease = await this.leases.beat(subtaskId, name === undefined ? {} : { executor_name: name });
    // A hint: without Redis it is missing.
    await this.redis.commands.set(keys.executorStage(subtaskId), stage, 'EX', STAGE_SECONDS).catch(() => null);

    return lease;
  }

  /** Returns what the manager does for a subtask; null when the executor works, or nothing is known. */
  async stageOf(subtaskId: number): Promise<string | null> {
    return this.redis.commands.get(keys.executorStage(subtaskId)).catch(() => null);
  }
}

function toState({ taskId, status, autoDelete, subtaskId, executorName }: TaskStateRow): TaskStateDto {
  const isDone = status === 'DELETE' || (autoDelete && isTerminal(status));

  return {
    ...{ task_id: taskId, status, keeps_workspace: !isDone },
    ...{ subtask_id: subtaskId, executor_name: executorName ?? '' },
  };
}

const deletedState = (taskId: number): TaskStateDto => ({
  ...{ task_id: taskId, status: 'DELETE', keeps_workspace: false, subtask_id: null, executor_name: '' },
});
