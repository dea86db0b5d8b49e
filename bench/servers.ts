/** Starts the two servers that are always measured, and the provider that all ask. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pollUntil } from '../src/common/async/poll-until.js';
import { Child } from './child.js';
import { postmasterOf } from './postgres.js';
import { cpuMs } from './measure/proc.js';
import type { Sent } from './provider.js';
import { Server, type Target } from './server.js';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Of every measured server in Node. */
export const NODE_ARGS = ['--expose-gc', '--import', new URL('./probe.js', import.meta.url).href];
const MANY = '20000';
/** A fixed key: the data directory lives as long as the run. */
const ENCRYPTION_KEY = 'be'.repeat(32);

/** The app of the bench: a chatbot that neither greets nor suggests. */
export const DIFY_KEY = 'app-bench-chat';
const DIFY_TEAM = 'bench-dify';

/** The simulator. */
export class Provider {
  private constructor(private readonly child: Child) {}

  static async start(): Promise<Provider> {
    return new Provider(await Child.start(built('./provider.js')));
  }

  get url(): string {
    return this.child.url;
  }

  /** CPU of its process so far. */
  cpuMs(): number {
    return cpuMs(this.child.pid);
  }

  /** What was sent to tagged requests since the last call. */
  sent(): Promise<Map<string, Sent>> {
    return this.child.ask({});
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}

export async function startRelay(provider: Provider): Promise<Server> {
  const child = await Child.start(built('./bare-relay.js'), { args: [provider.url, DIFY_KEY], nodeArgs: NODE_ARGS });

  const body = (prompt: string) => ({ prompt });
  const at = (path: string): Target => ({ url: child.url + path, body, wire: 'conch' });

  return new Server('relay', { claude: at('/'), openai: at('/openai'), dify: at('/dify') }, child);
}

/**
 * Starts Conch as its users do, in a directory of its own, unless it is given one, which then stays; `postgres` in place of the
 * embedded database.
 */
export async function startConch(
  provider: Provider,
  postgres: string | undefined,
  given: { directory?: string; env?: Record<string, string> } = {},
): Promise<Server> {
  const directory = given.directory ?? (await mkdtemp(join(tmpdir(), 'conch-bench-')));
  const env = {
    ...{
      DATA_DIR: directory,
      PORT: '0',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      SIMULATOR: provider.url,
      AUTH_MODE: 'off',
    },
    ...{ MAX_CONCURRENT_DIRECT_CHATS: MANY, MAX_QUEUED_DIRECT_CHATS: MANY, MAX_RUNNING_TASKS_PER_USER: MANY },
    ...{
      MAX_ANSWER_BYTES: '33554432',
      SHUTDOWN_GRACE_SECONDS: '1',
      DATABASE_URL: postgres ?? '',
      REDIS_URL: '',
      ENCRYPTION_KEY,
    },
    ...given.env,
  };
  const child = await Child.start(built('../src/main.js'), { nodeArgs: NODE_ARGS, env });
  const cleanUp = async () => {
    if (given.directory === undefined) await rm(directory, { recursive: true, force: true });
  };

  const url = `${child.url}/api/direct-chat/stream`;
  if (given.directory === undefined) await createDifyTeam(`${child.url}/api`, provider);

  const team = (name: string): Target => ({ url, body: (prompt) => ({ prompt, team_name: name }), wire: 'conch' });
  const targets = { claude: team('demo-team'), openai: team('demo-openai-team'), dify: team(DIFY_TEAM) };

  return new Server('conch', targets, child, directory, cleanUp, postgres ? await postmasterOf(postgres) : null);
}

/** On a database that an earlier server of this run has used, the team is there. */
async function createDifyTeam(api: string, provider: Provider): Promise<void> {
  const teams = (await (await fetch(`${api}/teams?limit=100`)).json()) as { items: { name: string }[] };
  if (teams.items.some(({ name }) => name === DIFY_TEAM)) return;
  const post = async (path: string, body: object): Promise<{ id: number }> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${api}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!reply.ok) throw new Error(`POST ${path}: ${reply.status} ${await reply.text()}`);

    return (await reply.json()) as { id: number };
  };
  const env = { DIFY_API_KEY: DIFY_KEY, DIFY_BASE_URL: `${provider.url}/dify` };
  const bot = await post('/bots', { name: DIFY_TEAM, shell_name: 'Dify', agent_config: { env } });
  await post('/teams', { name: DIFY_TEAM, bots: [{ bot_id: bot.id, role: 'leader', bot_prompt: '' }] });
}

/** Waits until a condition holds. @throws after `timeoutMs` */
export async function until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const isTrue = await pollUntil(condition, { everyMs: 5, timeoutMs });
  if (!isTrue) throw new Error(`waited ${timeoutMs} ms for ${what}`);
}
