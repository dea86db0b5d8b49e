import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Api, ErrorBody, Reply, TaskBody } from '../api.js';
import { eventually } from '../child.js';
import { TEST_KEY } from '../content/models.js';

/** INTERNAL_API_TOKEN of the servers of these tests. */
export const INTERNAL_TOKEN = 'an-internal-token-of-this-test';

export interface Dispatched {
  subtask_id: number;
  subtask_next_id: number | null;
  task_id: number;
  executor_name: string;
  prompt: string;
  auth_token: string;
  user: Record<string, unknown>;
  bot: { id: number; name: string; system_prompt: string; role: string; agent_config: Record<string, unknown> }[];
  [field: string]: unknown;
}

export interface Receipt extends ErrorBody {
  subtask_id: number;
  task_id: number;
  status: string;
  progress: number;
  ignored?: string;
}

export interface Lease extends ErrorBody {
  status: string;
  lease_expires_at: string;
  cancelling: boolean;
}

export interface EventsReceipt extends ErrorBody {
  subtask_id: number;
  last: number;
  cancelling: boolean;
}

/** A server's API as an executor manager calls it, or an executor with its own token. */
export class ExecutorApi {
  private readonly headers: { authorization: string };

  constructor(
    private readonly api: Api,
    token = INTERNAL_TOKEN,
  ) {
    this.headers = { authorization: `Bearer ${token}` };
  }

  dispatchReply(query = ''): Promise<Reply<{ tasks: Dispatched[] } & ErrorBody>> {
    return this.api.call('POST', `/executors/tasks/dispatch${query}`, undefined, this.headers);
  }

  /** What was handed out. @throws unless the call succeeds */
  async dispatch(query = ''): Promise<Dispatched[]> {
    const { status, body, text } = await this.dispatchReply(query);
    if (status !== 200) throw new Error(`dispatch: HTTP ${status} ${text}`);

    return body.tasks;
  }

  /** The one subtask that a dispatch hands out. */
  async take(query = ''): Promise<Dispatched> {
    const tasks = await this.dispatch(query);
    const [first] = tasks;
    if (!first || tasks.length > 1) throw new Error(`${tasks.length} subtasks were handed out`);

    return first;
  }

  report(subtaskId: number, status: string, more: object = {}): Promise<Reply<Receipt>> {
    return this.api.call('PUT', '/executors/tasks', { subtask_id: subtaskId, status, ...more }, this.headers);
  }

  /** Sends events of an answer. @param first number of the first one */
  events(
    subtaskId: number,
    first: number,
    events: readonly object[],
    more: object = {},
  ): Promise<Reply<EventsReceipt>> {
    return this.api.call('POST', `/executors/tasks/${subtaskId}/events`, { first, events, ...more }, this.headers);
  }

  /** Says that the executor of a subtask is gone. */
  release(subtaskId: number, reason: string): Promise<Reply<{ outcome: string }>> {
    return this.api.call('POST', `/executors/tasks/${subtaskId}/release`, { reason }, this.headers);
  }

  heartbeat(subtaskId: number | string, body?: object): Promise<Reply<Lease>> {
    return this.api.call('POST', `/executors/tasks/${subtaskId}/heartbeat`, body, this.headers);
  }
}

interface BotOptions {
  name: string;
  shell?: string;
  prompt?: string;
  config?: object;
}

/** Adds bots that run in executors, and a team of them. @returns the team's id and those of the bots */
export async function addExecutorTeam(
  api: Api,
  name: string,
  bots: BotOptions[],
  mode = 'pipeline',
): Promise<{ teamId: number; botIds: number[] }> {
  const botIds: number[] = [];
  for (const { name: bot, shell = 'ClaudeCode', prompt = `I am ${bot}`, config } of bots) {
    const reply = await api.post<{ id: number }>('/bots', {
      ...{ name: bot, shell_name: shell, system_prompt: prompt },
      agent_config: config ?? { env: { model: 'claude', model_id: 'claude-x', api_key: TEST_KEY } },
    });
    if (reply.status !== 201) throw new Error(`POST /bots: HTTP ${reply.status} ${reply.text}`);
    botIds.push(reply.body.id);
  }
  const members = botIds.map((id, index) => ({ bot_id: id, bot_prompt: `step ${index}`, role: `role ${index}` }));
  const reply = await api.post<{ id: number }>('/teams', { name, bots: members, workflow: { mode } });
  if (reply.status !== 201) throw new Error(`POST /teams: HTTP ${reply.status} ${reply.text}`);

  return { teamId: reply.body.id, botIds };
}

/** Creates a task. @returns its id */
export async function addTask(api: Api, teamId: number, more: object = {}): Promise<number> {
  const reply = await api.post<{ id: number }>('/tasks/create', { prompt: 'a question', team_id: teamId, ...more });
  if (reply.status !== 201) throw new Error(`POST /tasks/create: HTTP ${reply.status} ${reply.text}`);

  return reply.body.id;
}

/** Waits until a task is in a state. @returns it */
export function untilTask(api: Api, taskId: number, status: string): Promise<TaskBody> {
  return eventually(`task ${taskId} is ${status}`, async () => {
    const task = await api.task(taskId);

    return task.status === status && task;
  });
}

interface ManagerCall {
  path: string;
  body: Record<string, unknown>;
  authorization: string | undefined;
}

interface ManagerAnswer {
  status: number;
  body: object;
  /** Never sends the answer. */
  hangs?: boolean;
  /** Milliseconds before the answer. */
  afterMs?: number;
}

/** Stands in for an executor manager: says what it is told to say. */
export class FakeManager {
  readonly calls: ManagerCall[] = [];
  /** By the last part of the path. */
  readonly answers: Record<string, (body: Record<string, unknown>) => ManagerAnswer> = {};

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FakeManager> {
    const server = createServer();
    const manager = new FakeManager(server);
    server.on('request', (request, reply) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
        const path = request.url ?? '';
        manager.calls.push({ path, body, authorization: request.headers.authorization });
        const answer = manager.answers[path.split('/').at(-1) ?? '']?.(body) ?? SUCCESS;
        if (answer.hangs) return;
        setTimeout(() => {
          reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
        }, answer.afterMs ?? 0).unref();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

    return manager;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Calls of a path about one task or executor. */
  callsOf(name: string, about: object): ManagerCall[] {
    const wanted = JSON.stringify(about);

    return this.calls.filter(({ path, body }) => path.endsWith(`/${name}`) && JSON.stringify(body) === wanted);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const SUCCESS: ManagerAnswer = { status: 200, body: { status: 'success' } };
