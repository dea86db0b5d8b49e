import { pollUntil } from '../../common/async/poll-until.js';
import type { ClaimedWork } from './claimed-work.js';
import type { Claim, RunReport, TaskApi, TaskState } from './task-api.js';

interface FakeTask {
  state: TaskState;
  reports: RunReport[];
  releases: string[];
  claims: number;
}

/** The API in memory: subtasks that managers claim, each with what was reported about it. */
export class FakeTaskApi implements Pick<TaskApi, 'claim' | 'report' | 'stage' | 'release' | 'states'> {
  readonly tasks = new Map<number, FakeTask>();
  private readonly queue: ClaimedWork[] = [];

  /** Makes the next subtask of a task claimable. */
  offer(taskId: number, more: Partial<ClaimedWork> = {}): FakeTask {
    const state = { taskId, isCancelling: false, keepsWorkspace: true, subtaskId: taskId * 10, executorName: '' };
    const task = this.tasks.get(taskId) ?? { state, reports: [], releases: [], claims: 0 };
    this.tasks.set(taskId, task);
    Object.assign(task.state, { subtaskId: (task.state.subtaskId ?? taskId * 10) + 1, executorName: '' });
    this.queue.push({
      ...{ taskId, subtaskId: task.state.subtaskId ?? 0, executorName: '', image: 'image', taskType: 'chat' },
      ...{ authToken: 'token', body: { task_id: taskId }, ...more },
    });

    return task;
  }

  /** The executor of a task has reported its end. */
  finish(taskId: number): void {
    const task = this.tasks.get(taskId);
    if (task) task.state = { ...task.state, subtaskId: null };
  }

  async claim(limit: number, signal: AbortSignal): Promise<ClaimedWork[]> {
    await pollUntil(() => this.queue.length > 0, { everyMs: 5, signal });
    const claimed = this.queue.splice(0, limit);
    for (const { taskId } of claimed) {
      const task = this.tasks.get(taskId);
      if (task) task.claims += 1;
    }

    return claimed;
  }

  report({ taskId, executorName }: Claim, _eventId: string, report: RunReport): Promise<void> {
    const task = this.tasks.get(taskId);
    task?.reports.push(report);
    if (task) Object.assign(task.state, report.status === 'RUNNING' ? { executorName } : { subtaskId: null });

    return Promise.resolve();
  }

  stage({ taskId }: Claim): Promise<'go_on' | 'cancelling'> {
    return Promise.resolve(this.tasks.get(taskId)?.state.isCancelling ? 'cancelling' : 'go_on');
  }

  release({ taskId }: Claim, reason: string): Promise<void> {
    const task = this.tasks.get(taskId);
    task?.releases.push(reason);
    if (task) Object.assign(task.state, { subtaskId: null, executorName: '' });

    return Promise.resolve();
  }

  states(taskIds: readonly number[], suffix?: string): Promise<TaskState[]> {
    const all = [...this.tasks.values()].map(({ state }) => state);
    const isWanted = ({ taskId, executorName }: TaskState) =>
      taskIds.includes(taskId) || (suffix !== undefined && executorName.endsWith(suffix));

    return Promise.resolve(all.filter(isWanted).map((state) => ({ ...state })));
  }
}
