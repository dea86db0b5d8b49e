import { readFileSync } from 'node:fs';
import type { Simulator } from '../../../tools/simulator/simulator.js';
import type { SubtaskBody, TaskBody } from '../api.js';
import { eventually } from '../child.js';
import type { Conch } from '../conch.js';

const ENDED = ['COMPLETED', 'FAILED', 'CANCELLED'];

/** An answer, as the API shows it. */
export type Answer = SubtaskBody & { executor_name: string; error_message: string | null };

/** A server with an embedded executor manager, and teams whose bots answer in containers. */
export class TeamStage {
  readonly secret = 'sk-secret-of-the-model';

  constructor(
    readonly server: Conch,
    /** The model of executors; null when the stand-in needs none. */
    protected readonly model: Simulator | null,
  ) {}

  get simulator(): Simulator {
    if (!this.model) throw new Error('the stand-in asks no model');

    return this.model;
  }

  /** Makes a team of one bot. @param image of its shell; that of the manager when it is left out */
  async team(name: string, image?: string): Promise<string> {
    const shell = image === undefined ? 'ClaudeCode' : name;
    if (image !== undefined) await this.created('/shells', { name, baseShellRef: 'ClaudeCode', baseImage: image });
    const env = {
      ...{ MODEL_TYPE: 'claude', MODEL_ID: 'claude-sonnet-4-5', API_KEY: this.secret },
      ...(this.model && { BASE_URL: `${this.model.url}/claude` }),
    };
    const bot = await this.created('/bots', { name, shell_name: shell, agent_config: { env } });
    await this.created('/teams', { name, bots: [{ bot_id: bot }] });

    return name;
  }

  /** Asks a team. @returns the task's id */
  ask(team: string, prompt: string): Promise<number> {
    return this.created('/tasks/create', { team_name: team, prompt, task_type: 'code' });
  }

  /** The next turn of a task. */
  async askAgain(taskId: number, prompt: string): Promise<void> {
    await this.created(`/tasks/${taskId}`, { prompt });
  }

  async answers(taskId: number): Promise<Answer[]> {
    const { subtasks } = await this.server.api.task(taskId);

    return subtasks.filter(({ role }) => role === 'ASSISTANT') as Answer[];
  }

  /** Waits until the executor of a task has reported. */
  async atWork(taskId: number): Promise<Answer> {
    return eventually(`the executor of task ${taskId} is at work`, async () => {
      const answer = (await this.answers(taskId)).at(-1);

      return answer?.status === 'RUNNING' && answer.progress >= 10 && answer;
    });
  }

  /** The task, once it has ended. */
  async ended(taskId: number, timeoutMs = 60_000): Promise<TaskBody> {
    return eventually(
      `task ${taskId} ends`,
      async () => {
        const task = await this.server.api.task(taskId);

        return ENDED.includes(task.status) && task;
      },
      timeoutMs,
    );
  }

  /** Process id of the executor manager; undefined while there is none. */
  get managerPid(): number | undefined {
    const { pid } = this.server;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const manager = children.find((id) => commandOf(id).includes('executor-manager'));

    return manager === undefined ? undefined : Number(manager);
  }

  private async created(path: string, body: object): Promise<number> {
    const reply = await this.server.api.post<{ id: number }>(path, body);
    if (reply.status !== 201) throw new Error(`POST ${path}: HTTP ${reply.status} ${reply.text}`);

    return reply.body.id;
  }
}

/** The command line of a process; empty when it has just ended. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
