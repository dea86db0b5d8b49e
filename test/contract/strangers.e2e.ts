import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import type { Api } from '../support/api.js';
import { endAll } from '../support/child.js';
import { Conch } from '../support/conch.js';
import { INTERNAL_TOKEN } from '../support/executors/executors.js';
import {
  nastyBodies,
  NASTY_TEXTS,
  type OpenApiDocument,
  type Operation,
  operationsOf,
  pathOf,
  sampleOf,
} from '../support/openapi.js';

const PASSWORD = 'the password of this test';
const AT_A_TIME = 16;
const HANG_MS = 60_000;

/** Who may call what. Every other operation is for users, with what is their own. */
const PUBLIC = /^(POST \/api\/auth\/(login|refresh)|GET \/api\/(health\/\w+|metrics)|\w+ \/api\/shared\/.*)$/;
/** Open to all who have the token of a link. */
const BY_LINK = /^\w+ \/api\/shared\/\{token\}/;
const INTERNAL = /^(\w+ \/api\/executors\/.*|POST \/api\/shells\/validation-status\/\{id\})$/;
const ADMIN = /^(GET|POST) \/api\/users$|^PUT \/api\/users\/\{id\}$/;
/** Calls of providers, whose failures are not the server's, and log-ins, of which few may wait at a time. */
const MAY_REACH_OTHERS = /\/(dify|direct-chat|git|users\/me|input-parameters|test-connection|retry|auth\/login)/;

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

describe('what strangers send', () => {
  let simulator: Simulator;
  let server: Conch;
  let document: OpenApiDocument;
  let operations: Operation[];
  let admin: Api;
  let eve: Api;
  const tokens = { admin: '', eve: '' };

  beforeAll(async () => {
    simulator = await startSimulator();
    server = await Conch.start({
      ...{ SIMULATOR: simulator.url, AUTH_MODE: 'jwt', ADMIN_PASSWORD: PASSWORD, API_DOCS: 'on' },
      ...{ INTERNAL_API_TOKEN: INTERNAL_TOKEN, LOG_LEVEL: 'error' },
      // Refused requests would try nothing.
      ...{ USER_REQUESTS_PER_SECOND: '0', USER_TASKS_PER_HOUR: '0' },
    });
    tokens.admin = await logIn('admin');
    admin = server.api.as(tokens.admin);
    await admin.post('/users', { user_name: 'eve', password: PASSWORD });
    tokens.eve = await logIn('eve');
    eve = server.api.as(tokens.eve);
    document = (await admin.get<OpenApiDocument>('/openapi.json')).body;
    operations = operationsOf(document);
  });

  afterAll(() => endAll(server, simulator));

  async function logIn(user_name: string): Promise<string> {
    const { body } = await server.api.post<{ access_token: string }>('/auth/login', { user_name, password: PASSWORD });

    return body.access_token;
  }

  /** Sends a request as a user; of an event stream only the head is read. @returns the status, or what went wrong */
  async function statusOf(method: string, path: string, token?: string, body?: unknown): Promise<number | string> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Error('no reply')), HANG_MS);
    try {
      const reply = await fetch(`${server.url}/api${path}`, {
        method,
        signal: abort.signal,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const isStream = reply.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
      if (isStream) abort.abort();
      else await reply.arrayBuffer();

      return reply.status;
    } catch (error) {
      return String(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A request that is right in all but its sender. */
  const plain = (operation: Operation, token?: string) =>
    statusOf(
      operation.method,
      pathOf(operation, () => '1'),
      token,
      operation.body ? sampleOf(document, operation.body) : undefined,
    );

  describe('without a right to it', () => {
    const signed = (secret: string) => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: '1', role: 'admin', exp: 4_000_000_000 })}`;

      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };

    it.each([
      ['nothing', undefined],
      ['a text that is no token', 'nonsense'],
      ['a token of another signer', signed('a secret of another signer')],
      ['a token without a signature', `${signed('x').split('.').slice(0, 2).join('.')}.`],
    ])('is refused everywhere: with %s', async (_what, token) => {
      const open: string[] = [];
      for (const operation of operations) {
        if (PUBLIC.test(nameOf(operation))) continue;
        const status = await plain(operation, token);
        if (status !== 401) open.push(`${nameOf(operation)}: ${status}`);
      }

      expect(operations.length).toBeGreaterThan(60);
      expect(open).toEqual([]);
    });

    it('is refused by links without a valid token', async () => {
      const open: string[] = [];
      const byLink = operations.filter((operation) => BY_LINK.test(nameOf(operation)));
      for (const operation of byLink) {
        for (const token of [undefined, tokens.admin]) {
          const status = await plain(operation, token);
          if (status !== 404) open.push(`${nameOf(operation)}: ${status}`);
        }
      }

      expect(byLink.length).toBe(3);
      expect(open).toEqual([]);
    });

    it('is refused to users where executors or admins call, and to executors where users do', async () => {
      const open: string[] = [];
      for (const operation of operations) {
        const name = nameOf(operation);
        if (PUBLIC.test(name)) continue;
        const allowed = INTERNAL.test(name) ? [401, 403] : ADMIN.test(name) ? [403] : null;
        const asUser = allowed ? await plain(operation, tokens.eve) : 403;
        if (allowed && !allowed.includes(asUser as number)) open.push(`${name} as a user: ${asUser}`);
        const asExecutor = INTERNAL.test(name) ? 401 : await plain(operation, INTERNAL_TOKEN);
        if (asExecutor !== 401) open.push(`${name} as an executor manager: ${asExecutor}`);
      }

      expect(open).toEqual([]);
    });

    it('does not reach what belongs to another user', async () => {
      const ids = await belongings();
      const reached: string[] = [];
      for (const operation of operations) {
        const name = nameOf(operation);
        const own = Object.entries(ids).find(([prefix]) => operation.path.startsWith(prefix))?.[1];
        if (own === undefined || !operation.path.includes('{') || INTERNAL.test(name)) continue;
        const body = operation.body ? sampleOf(document, operation.body) : undefined;
        const path = pathOf(operation, () => own);
        const status = await statusOf(operation.method, path, tokens.eve, body);
        if (![400, 403, 404, 422].includes(status as number)) reached.push(`${name}: ${status}`);
      }

      expect(reached).toEqual([]);
    });

    /** Rows of the admin, by the paths that they are under. */
    async function belongings(): Promise<Record<string, string>> {
      const model = { name: 'hers', provider: 'openai', modelId: 'm', baseUrl: 'https://api.example.org', apiKey: 'k' };
      await admin.post('/models', model);
      const shell = { name: 'hers', shellType: 'Chat' };
      await admin.post('/shells', shell);
      const created = async (path: string, body: object) =>
        String((await admin.post<{ id: number }>(path, body)).body.id);
      const botId = await created('/bots', { name: 'hers', shell_name: 'Chat', agent_config: { bind_model: 'hers' } });
      const teamId = await created('/teams', { name: 'hers', bots: [{ bot_id: Number(botId) }] });
      const taskId = await created('/tasks/create', { prompt: 'x', team_id: Number(teamId) });

      return {
        ...{ '/api/models/': 'hers', '/api/bots/': botId, '/api/teams/': teamId },
        ...{ '/api/tasks/': taskId, '/api/direct-chat/{task_id}': taskId, '/api/direct-chat/check/': teamId },
      };
    }
  });

  it('is refused or served, and never breaks the server', async () => {
    const broken: string[] = [];
    let sent = 0;
    const requests = fuzz();
    const work = async () => {
      for (const { operation, path, body } of requests) {
        const status = await statusOf(operation.method, path, tokens.admin, body);
        sent += 1;
        const isOthers = MAY_REACH_OTHERS.test(operation.path) && [502, 503, 504].includes(status as number);
        if (typeof status === 'number' && (status < 500 || isOthers)) continue;
        broken.push(`${nameOf(operation)} ${path.slice(0, 120)} ${JSON.stringify([body]).slice(0, 200)}: ${status}`);
      }
    };
    const before = await heapMb();
    await Promise.all(Array.from({ length: AT_A_TIME }, work));

    expect(broken.slice(0, 20)).toEqual([]);
    expect(sent).toBeGreaterThan(3_000);
    expect((await server.api.get('/health/live')).status).toBe(200);
    expect((await eve.get('/tasks')).status).toBe(200);
    expect((await heapMb()) - before).toBeLessThan(300);
  });

  /** Each field and parameter of each operation with each nasty value. */
  function* fuzz(): Generator<{ operation: Operation; path: string; body: unknown }> {
    for (const operation of operations) {
      // They would end the session of this test, or its user.
      if (/\/auth\/logout|\/users\/\{id\}|\/users\/me$/.test(operation.path) && operation.method !== 'GET') continue;
      const sample = operation.body ? sampleOf(document, operation.body) : undefined;
      for (const text of NASTY_TEXTS) {
        const value = encodeURIComponent(text.toWellFormed().slice(0, 4_000));
        if (operation.path.includes('{'))
          yield { operation, path: pathOf(operation, () => value || '%20'), body: sample };
        for (const { name, in: place } of operation.parameters) {
          const path = pathOf(operation, () => '1');
          if (place === 'query') yield { operation, path: `${path}?${name}=${value}`, body: sample };
        }
      }
      const path = pathOf(operation, () => '1');
      if (operation.body) for (const body of nastyBodies(document, operation.body)) yield { operation, path, body };
    }
  }

  async function heapMb(): Promise<number> {
    const { text } = await server.api.get('/metrics');

    return Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]) / 1024 ** 2;
  }
});
