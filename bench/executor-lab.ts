/** A Conch with work for executors in its database, and the calls of executors. */
import { PGlite } from '@electric-sql/pglite';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Lab } from './lab.js';
import type { Server } from './server.js';
import { startConch } from './servers.js';

const PATIENCE_MS = 60_000;
const MAX_PER_DISPATCH = 100;
/** No lease may run out meanwhile: what is offered again is work of its own. */
const ENVIRONMENT = { EXECUTOR_LEASE_SECONDS: '86400' };
const agent = new Agent({ keepAlive: true, maxSockets: 64, scheduling: 'lifo' });

/** Copies of one task with its turn, all of them on offer. */
const COPY_TASKS = `insert into tasks (user_id, team_id, title, prompt, type, task_type)
  select user_id, team_id, $2, prompt, type, task_type from tasks, generate_series(1, $3::int) where id = $1`;
const COPY_SUBTASKS = `insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, bot_ids, title,
    prompt, status, progress, lane, fair_rank)
  select task.id, row.user_id, row.team_id, row.role, row.message_id, row.parent_id, row.bot_ids, row.title, row.prompt,
    case row.role when 'USER' then 'COMPLETED' else 'PENDING' end, case row.role when 'USER' then 100 else 0 end,
    case row.role when 'ASSISTANT' then 'online' end, case row.role when 'ASSISTANT' then task.id end
  from tasks task join subtasks row on row.task_id = $1 where task.title = $2`;

/** SQL with its parameters. */
type Statements = readonly (readonly [string, (string | number)[]])[];

/** A reply: its status, and its JSON, or its text when it is none. */
export interface Reply {
  status: number;
  body: unknown;
}

/** What is known of a subtask that an executor has. */
export interface Taken {
  taskId: number;
  subtaskId: number;
}

/** A server of its own, whose database is filled while it is down, since nobody else can open the embedded one. */
export class ExecutorLab {
  private batches = 0;

  private constructor(
    private readonly lab: Lab,
    private readonly directory: string,
    private server: Server,
    private template: number,
  ) {}

  static async open(lab: Lab): Promise<ExecutorLab> {
    const directory = await mkdtemp(join(tmpdir(), 'conch-bench-'));
    const server = await startConch(lab.provider, lab.options.postgres, { directory, env: ENVIRONMENT });
    const own = new ExecutorLab(lab, directory, server, 0);
    own.template = await own.makeTask();

    return own;
  }

  get base(): string {
    return this.server.base;
  }

  /** CPU time so far of the server and of its redis-server, in ms. */
  cpuMs(): { server: number; redis: number } {
    return { server: this.server.cpuMs(), redis: this.server.redisCpuMs() };
  }

  /** Adds pending tasks, and starts the server anew. */
  async fill(count: number): Promise<void> {
    await this.server.stop();
    const title = `batch ${(this.batches += 1)}`;
    const { postgres } = this.lab.options;
    const run = postgres === undefined ? inPglite(join(this.directory, 'pglite')) : inPostgres(postgres);
    await run([
      [COPY_TASKS, [this.template, title, count]],
      [COPY_SUBTASKS, [this.template, title]],
      ['analyze', []],
    ]);
    const options = { directory: this.directory, env: ENVIRONMENT };
    this.server = await startConch(this.lab.provider, postgres, options);
  }

  /** @throws when the reply is not of the 2xx kind */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const reply = await send(method, `${this.base}/api${path}`, body);
    if (reply.status >= 300) throw new Error(`${method} ${path}: HTTP ${reply.status} ${JSON.stringify(reply.body)}`);

    return reply.body;
  }

  /** Takes subtasks as executor managers do. @throws when there are not so many */
  async take(count: number): Promise<Taken[]> {
    const taken: Taken[] = [];
    while (taken.length < count) {
      const limit = Math.min(count - taken.length, MAX_PER_DISPATCH);
      const reply = await this.call('POST', `/executors/tasks/dispatch?type=online&limit=${limit}`);
      const { tasks } = reply as { tasks: { task_id: number; subtask_id: number }[] };
      if (tasks.length === 0) throw new Error(`only ${taken.length} of ${count} subtasks were handed out`);
      taken.push(...tasks.map((task) => ({ taskId: task.task_id, subtaskId: task.subtask_id })));
    }

    return taken;
  }

  /** Reports of executors that were applied since the start of the server. */
  async applied(): Promise<number> {
    const text = String(await this.call('GET', '/metrics'));
    const lines = [...text.matchAll(/^conch_task_updates_total\{[^}]*outcome="applied"[^}]*\} (\d+)$/gm)];

    return lines.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  async close(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A task of a team with one bot that needs an executor. @returns its id */
  private async makeTask(): Promise<number> {
    const name = `bench ${Date.now()}`;
    const config = { env: { MODEL_TYPE: 'claude', MODEL_ID: 'bench', API_KEY: 'bench' } };
    const bot = { name, shell_name: 'ClaudeCode', agent_config: config };
    const { id: botId } = (await this.call('POST', '/bots', bot)) as { id: number };
    await this.call('POST', '/teams', { name, bots: [{ bot_id: botId }] });
    const task = { team_name: name, prompt: 'Do it', task_type: 'code' };

    return ((await this.call('POST', '/tasks/create', task)) as { id: number }).id;
  }
}

function inPglite(directory: string) {
  return async (statements: Statements): Promise<void> => {
    const database = new PGlite(directory);
    for (const [text, values] of statements) await database.query(text, values);
    await database.close();
  };
}

function inPostgres(url: string) {
  return async (statements: Statements): Promise<void> => {
    const database = new pg.Client(url);
    await database.connect();
    for (const [text, values] of statements) await database.query(text, values);
    await database.end();
  };
}

function send(method: string, url: string, body: object | undefined): Promise<Reply> {
  const payload = body && JSON.stringify(body);
  const headers = payload === undefined ? {} : { 'content-type': 'application/json' };

  return new Promise((resolve, reject) => {
    const call = request(url, { method, agent, headers, timeout: PATIENCE_MS }, (res) => {
      const parts: Buffer[] = [];
      res.on('data', (part: Buffer) => parts.push(part));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const isJson = res.headers['content-type']?.startsWith('application/json');
        resolve({ status: res.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text });
      });
    });
    call.on('timeout', () => call.destroy(new Error(`${method} ${url}: no answer`)));
    call.on('error', reject).end(payload);
  });
}
