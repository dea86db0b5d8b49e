import { Injectable, Logger } from '@nestjs/common';
import { AppError } from '../../common/app-error.js';
import { EngineTrouble } from '../runtime/runtime-errors.js';
import { ExecutorContainers } from './executor-containers.js';
import { ExecutorRunner } from './executor-runner.js';
import { TaskApi } from './task-api.js';

/** `unknown`: not one of this manager, or its engine does not answer. */
type Presence = { status: 'running' | 'gone' | 'unknown'; task_id: number | null };

/** What the API asks of the executors of this manager. */
@Injectable()
export class ExecutorOrdersService {
  private readonly log = new Logger(ExecutorOrdersService.name);

  constructor(
    private readonly api: TaskApi,
    private readonly containers: ExecutorContainers,
    private readonly runner: ExecutorRunner,
  ) {}

  /** Asks for the end of a task's subtask. @throws AppError service_unavailable when none is here: another manager may have it */
  cancel(taskId: number): void {
    if (!this.runner.cancel(taskId))
      throw new AppError('service_unavailable', `This executor manager has no subtask of task ${taskId}`);
  }

  /**
   * Ends and removes an executor; its workspace, too, unless another turn of its task may need it.
   * @returns what is wrong; null when it is gone
   * @throws AppError service_unavailable when it is to be tried again
   */
  async delete(name: string): Promise<string | null> {
    const taskId = this.containers.names.taskOf(name);
    if (taskId === null) return `${name} is no executor of this manager`;
    const run = this.runner.find(taskId);
    if (run) this.runner.end(run, 'deleted');
    try {
      await this.containers.remove(name);
      const [state] = await this.api.states([taskId]);
      if (state && !state.keepsWorkspace) await this.containers.removeWorkspace(taskId);
      this.runner.forget(taskId);
      this.log.log(`task ${taskId} container ${name}: deleted${state?.keepsWorkspace ? ', its workspace stays' : ''}`);

      return null;
    } catch (cause) {
      throw new AppError('service_unavailable', `${name} was not deleted: ${(cause as Error).message}`, { cause });
    }
  }

  /** Returns whether an executor lives, or is being started. */
  async presence(name: string): Promise<Presence> {
    const taskId = this.containers.names.taskOf(name);
    if (taskId === null) return { status: 'unknown', task_id: null };
    if (this.runner.find(taskId)?.state === 'preparing') return { status: 'running', task_id: taskId };
    try {
      const state = await this.containers.state(name);

      return { status: state?.isRunning ? 'running' : 'gone', task_id: taskId };
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;

      return { status: 'unknown', task_id: taskId };
    }
  }

  /** Returns the subtasks that occupy slots. */
  load() {
    const { active, free } = this.runner;

    return {
      task_ids: active.map(({ claim }) => claim.taskId),
      containers: active.map(({ claim }) => claim.executorName),
      free_slots: Math.max(free, 0),
    };
  }
}
