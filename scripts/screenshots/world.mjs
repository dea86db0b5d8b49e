import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../lib/log.mjs';
import { inRoot, ROOT } from '../lib/paths.mjs';

export const INTERNAL_TOKEN = 'the-token-of-the-pictures';

/** An executor manager that accepts every order; the pictures report in its place. */
export async function startManager() {
  const orders = [];
  const server = createServer(async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const order = JSON.parse(body || '{}');
    if (request.url?.endsWith('/images/validate')) orders.push(order);
    reply.writeHead(200, { 'content-type': 'application/json' });
    reply.end(JSON.stringify({ status: 'submitted', message: 'accepted', validation_task_id: 1 }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  return { orders, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** The real server, everything embedded, in a folder of its own. */
export class App {
  constructor(directory, port, managerUrl) {
    this.url = `http://127.0.0.1:${port}`;
    this.directory = directory;
    this.environment = {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, DATA_DIR: join(directory, 'data'), PORT: String(port) },
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, INTERNAL_ALLOW: '127.0.0.1', EXECUTOR_MANAGER_URL: managerUrl },
      SHUTDOWN_GRACE_SECONDS: '1',
    };
  }

  async start() {
    this.child = spawn(process.execPath, [inRoot('dist', 'src', 'main.js')], {
      cwd: ROOT,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(join(this.directory, 'server.log'), { flags: 'a' });
    this.child.stdout.pipe(log);
    this.child.stderr.pipe(log);
    await eventually('the server is ready', async () => (await fetch(`${this.url}/api/health/ready`)).ok);
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }

  /** Calls the API. @throws for every refusal */
  async call(method, path, body, token) {
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text}`);

    return text === '' ? null : JSON.parse(text);
  }

  /** Asks a question. @returns the id of its task; with `isLeft` at once, else when the answer has ended */
  async ask(body, { isLeft = false } = {}) {
    const leaving = new AbortController();
    const response = await fetch(`${this.url}/api/direct-chat/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    if (!response.ok) throw new Error(`${body.prompt}: HTTP ${response.status} ${await response.text()}`);
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (isLeft && text.includes('task_id')) break;
    }
    leaving.abort();

    return Number(/"task_id":(\d+)/.exec(text)?.[1]);
  }
}

/** Waits until a check is true. @throws UserError after two minutes */
export async function eventually(what, check) {
  for (let i = 0; i < 600; i += 1) {
    if (await check().catch(() => false)) return;
    await sleep(200);
  }
  throw new UserError(`Waited in vain: ${what}`);
}
