import { ExecutorEmulator } from '../../../tools/executor-emulator/emulator.js';
import type { SubtaskBody, TaskBody } from '../api.js';
import { eventually } from '../child.js';
import type { Environment } from '../conch.js';
import { Stage, type StageKind } from './stage.js';

const TOKEN = 'the token of the tests';
const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];
/** Of subtasks, as the API shows them. */
type Assistant = SubtaskBody & { executor_name: string };

/** Short times, and limits that do not stand in the way. */
const ENVIRONMENT: Environment = {
  ...{ INTERNAL_API_TOKEN: TOKEN, INTERNAL_ALLOW: '127.0.0.1' },
  ...{
    EXECUTOR_LEASE_SECONDS: '3',
    EXECUTOR_SILENT_LEASE_SECONDS: '3',
    EXECUTOR_MAX_ATTEMPTS: '2',
    EXECUTOR_MAX_RESULT_BYTES: '65536',
  },
  ...{ CANCEL_DEADLINE_SECONDS: '3', MAX_RUNNING_TASKS_PER_USER: '1000' },
};

/** Which of the two emulators takes a task: Conch's own kind signs and numbers its reports, Wegent's does neither. */
export type Style = 'conch' | 'wegent';

/** A stage with an executor manager of each style. */
export class ExecutorStage {
  private constructor(
    readonly stage: Stage,
    readonly emulators: Record<Style, ExecutorEmulator>,
  ) {}

  /** The manager that the server knows is that of Conch's style; the other one takes offline tasks only. */
  static async start(kind: StageKind): Promise<ExecutorStage> {
    const conch = await ExecutorEmulator.start({ interval: 25, token: TOKEN, sign: true });
    const wegent = await ExecutorEmulator.start({ interval: 25, wegent: true, types: ['offline'], limit: 1000 });
    const stage = await Stage.start(kind, { ...ENVIRONMENT, EXECUTOR_MANAGER_URL: conch.url }).catch(
      async (error: unknown) => {
        await Promise.all([conch.close(), wegent.close()]);
        throw error;
      },
    );
    for (const emulator of [conch, wegent]) emulator.work(stage.server(0).url);

    return new ExecutorStage(stage, { conch, wegent });
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.emulators).map((emulator) => emulator.close()));
    await this.stage.stop();
  }

  /** Makes a team of bots that need executors. @returns its name */
  async team(name: string, bots: readonly string[], mode = 'pipeline'): Promise<string> {
    const members: object[] = [];
    for (const bot of bots) {
      const env = { MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: 'sk-test' };
      members.push({
        bot_id: await this.created('/bots', { name: bot, shell_name: 'ClaudeCode', agent_config: { env } }),
      });
    }
    await this.created('/teams', { name, bots: members, workflow: { mode } });

    return name;
  }

  /** Asks a team. @returns the task's id */
  async ask(team: string, prompt: string, style: Style = 'conch', more: object = {}): Promise<number> {
    const type = style === 'conch' ? 'online' : 'offline';

    return this.created('/tasks/create', { team_name: team, prompt, type, task_type: 'code', ...more });
  }

  /** The answers of a task, in order. */
  async answers(taskId: number): Promise<Assistant[]> {
    return (await this.stage.api.task(taskId)).subtasks.filter(({ role }) => role === 'ASSISTANT') as Assistant[];
  }

  /** The n-th answer, once it is RUNNING and its executor has said so. */
  async running(taskId: number, position = 0): Promise<Assistant> {
    return eventually(`task ${taskId} has a running executor`, async () => {
      const answer = (await this.answers(taskId))[position];

      return answer?.status === 'RUNNING' && answer.progress >= 50 && answer;
    });
  }

  /** The task, once it has ended. */
  async ended(taskId: number): Promise<TaskBody> {
    return eventually(
      `task ${taskId} ends`,
      async () => {
        const task = await this.stage.api.task(taskId);

        return ENDED.includes(task.status) && task;
      },
      45_000,
    );
  }

  /** Waits until no executor works on a task any more, so that nothing more will be said about it. */
  async quiet(taskId: number): Promise<void> {
    await eventually(`the executors of task ${taskId} are done`, () =>
      Object.values(this.emulators).every(({ manager }) => manager.runningOn(taskId) === undefined),
    );
  }

  cancel(taskId: number): Promise<{ status: number }> {
    return this.stage.api.post(`/tasks/${taskId}/cancel`);
  }

  private async created(path: string, body: object): Promise<number> {
    const reply = await this.stage.api.post<{ id: number }>(path, body);
    if (reply.status !== 201) throw new Error(`POST ${path}: HTTP ${reply.status} ${reply.text}`);

    return reply.body.id;
  }
}

/** What the API says of a task at its end, without times. */
export function stateOf(task: TaskBody, answers: readonly SubtaskBody[]) {
  return {
    task: [task.status, task.progress, task.result?.value],
    answers: answers.map(({ status, progress, result }) => [status, progress, result?.value]),
  };
}
