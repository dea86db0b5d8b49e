import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { type Simulator, startSimulator } from '../../tools/simulator/simulator.js';
import { type Api, type ErrorBody, started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { type Conch, startConch } from '../support/conch.js';
import type { Received } from '../support/streams/sse.js';
import { script } from '../support/stages/stage.js';
import { TaskEventStream } from '../support/streams/task-events.js';

interface Operation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  responses: Record<string, { content?: Record<string, { schema?: { $ref?: string } }> }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required?: string[] }> };
}

/** The calls of accounts, models, shells, bots and teams. */
const FEATURES = /^\/api\/(auth|users|models|shells|bots|teams)\b/;

const PATHS: [string, string[]][] = [
  ['/api/direct-chat/stream', ['post']],
  ['/api/direct-chat/{task_id}/stream', ['get', 'post']],
  ['/api/direct-chat/{task_id}/cancel', ['post']],
  ['/api/direct-chat/check/{team_id}', ['get']],
  ['/api/tasks', ['get', 'post']],
  ['/api/tasks/create', ['post']],
  ['/api/tasks/lite', ['get']],
  ['/api/tasks/search', ['get']],
  ['/api/tasks/{id}', ['delete', 'get', 'post', 'put']],
  ['/api/tasks/{id}/cancel', ['post']],
  ['/api/tasks/{id}/diagnosis', ['get']],
  ['/api/tasks/{id}/events', ['get']],
  ['/api/tasks/events', ['get']],
  ['/api/tasks/{id}/subtasks', ['get']],
  ['/api/teams', ['get', 'post']],
  ['/api/teams/{id}/input-parameters', ['get']],
  ['/api/dify/app/info', ['post']],
  ['/api/dify/app/parameters', ['post']],
  ['/api/dify/files', ['post']],
  ['/api/dify/messages/{message_id}/feedback', ['post']],
  ['/api/bots', ['get', 'post']],
  ['/api/models', ['get', 'post']],
  ['/api/models/unified', ['get']],
  ['/api/shells/unified', ['get']],
  ['/api/executors/tasks', ['put']],
  ['/api/executors/tasks/dispatch', ['post']],
  ['/api/executors/tasks/{subtask_id}/heartbeat', ['post']],
  ['/api/executors/tasks/{subtask_id}/events', ['post']],
  ['/api/auth/login', ['post']],
  ['/api/auth/logout', ['post']],
  ['/api/auth/logout-all', ['post']],
  ['/api/users/me', ['put']],
  ['/api/models/unified/{name}', ['get']],
  ['/api/bots/{id}', ['delete']],
  ['/api/teams/{id}', ['get']],
  ['/api/users/me/git-token/{git_domain}', ['delete']],
  ['/api/health/live', ['get']],
  ['/api/health/ready', ['get']],
];

describe('the OpenAPI document', () => {
  let simulator: Simulator;
  let server: Conch;
  let api: Api;
  let document: Document;
  let ajv: Ajv;

  beforeAll(async () => {
    simulator = await startSimulator();
    // The real program: the build generates what types and comments say, for its own files.
    server = await startConch({
      ...{ SIMULATOR: simulator.url, MAX_CONCURRENT_DIRECT_CHATS: '1', STREAM_TTL_SECONDS: '1' },
    });
    api = server.api;
    document = (await api.get<Document>('/openapi.json')).body;
    ajv = new Ajv({ strict: false, allErrors: true });
    formats.default(ajv);
    ajv.addSchema({ $id: 'conch', ...document });
  });

  afterAll(() => endAll(server, simulator));

  const schemaOf = (name: string): ValidateFunction => {
    const validate = ajv.getSchema(`conch#/components/schemas/${name}`);
    if (!validate) throw new Error(`the document has no schema ${name}`);

    return validate;
  };

  /** Checks events against the schemas of their types. @returns the types */
  function check(events: readonly Received[]): Set<string> {
    const types = new Set<string>();
    for (const { id, data } of events) {
      types.add(data.type);
      const validate = schemaOf(`ChatEvent_${data.type}`);
      expect([id, data.type, validate(data), validate.errors]).toEqual([id, data.type, true, null]);
      expect([id, schemaOf('ChatEvent')(data)]).toEqual([id, true]);
    }

    return types;
  }

  it.each(PATHS)('describes %s', (path, methods) => {
    expect(Object.keys(document.paths[path] ?? {})).toEqual(expect.arrayContaining(methods));
  });

  it('gives each call of accounts and of what answers a tag, and a schema to each of its replies', () => {
    const calls = Object.entries(document.paths)
      .filter(([path]) => FEATURES.test(path))
      .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })));
    const poor = calls.filter(({ operation: { tags, responses } }) => {
      const hasSchemas = Object.entries(responses).every(([status, { content }]) => status === '204' || content);

      return !tags?.length || !hasSchemas || !('422' in responses);
    });

    expect(calls.length).toBeGreaterThan(30);
    expect(poor).toEqual([]);
  });

  it.each([
    ['CreateModelDto', ['modelId', 'name', 'provider']],
    ['CreateBotDto', ['name', 'shell_name']],
    ['CreateTeamDto', ['bots', 'name']],
    ['UpdateBotDto', []],
    ['ModelParametersDto', []],
  ])('lists exactly the fields without which a request is refused as required: %s', (name, fields) => {
    expect([...(document.components.schemas[name]?.required ?? [])].sort()).toEqual(fields);
  });

  it('describes every operation with a summary and its replies', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        expect([method, path, operation.summary]).toEqual([method, path, expect.stringMatching(/\S/)]);
        expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      }
    }
  });

  it('describes streams as event streams of ChatEvent', () => {
    for (const [path, method] of [
      ['/api/direct-chat/stream', 'post'],
      ['/api/direct-chat/{task_id}/stream', 'get'],
      ['/api/direct-chat/{task_id}/stream', 'post'],
    ] as const) {
      const content = document.paths[path]?.[method]?.responses['200']?.content;
      expect(content?.['text/event-stream']?.schema).toEqual({ $ref: '#/components/schemas/ChatEvent' });
    }
  });

  it('describes every event that streams send', async () => {
    const seen = new Set<string>();
    const add = (types: Set<string>) => types.forEach((type) => seen.add(type));
    const thinking = await api.turn(script('case=thinking tokens=5 reasoning=3 rate=0'));
    add(check(thinking.stream.events));
    const failed = await api.turn({ team_name: 'demo-openai-team', prompt: script('case=auth') });
    add(check(failed.stream.events));
    const running = await api.ask(script('tokens=2000 rate=50'));
    const { taskId } = await started(running);
    const waiting = await api.ask(script('tokens=3 rate=0'));
    await waiting.untilType('queued');
    await api.cancel(taskId);
    await Promise.all([running.untilClosed(), waiting.untilClosed()]);
    add(check(running.events));
    add(check(waiting.events));
    const late = await eventually('the log expires', async () => {
      const { events } = await (await api.attach(thinking.taskId)).untilClosed();

      return events[0]?.data.type === 'resync' && events;
    });
    add(check(late));

    const expected = ['cancelled', 'content', 'done', 'error', 'queued', 'reasoning', 'resync', 'start', 'usage'];
    expect([...seen].sort()).toEqual(expected);
    for (const type of ['replace', 'reset']) schemaOf(`ChatEvent_${type}`);
  });

  it('describes live events of tasks', async () => {
    const { taskId } = await api.turn(script('tokens=1000 size=100 rate=0'));
    for (const [path, id] of [
      ['/api/tasks/events', null],
      ['/api/tasks/{id}/events', taskId],
    ] as const) {
      const content = document.paths[path]?.['get']?.responses['200']?.content;
      expect(content?.['text/event-stream']?.schema).toEqual({ $ref: '#/components/schemas/TaskEvent' });
      const stream = await TaskEventStream.open(server, id);
      await stream.untilSnapshot();
      stream.close();
      expect(stream.events.length).toBeGreaterThan(0);
      for (const { data } of stream.events) {
        const validate = schemaOf(`TaskEvent_${data.type}`);
        expect([data.type, validate(data), validate.errors]).toEqual([data.type, true, null]);
        expect(schemaOf('TaskEvent')(data)).toBe(true);
      }
    }
  });

  it('describes the replies of tasks and errors', async () => {
    const { taskId } = await api.turn(script('tokens=1 rate=0'));
    const replies: [string, string, unknown][] = [
      ['get', '/api/tasks/{id}', (await api.get(`/tasks/${taskId}`)).body],
      ['get', '/api/tasks', (await api.get('/tasks')).body],
      ['get', '/api/tasks/lite', (await api.get('/tasks/lite')).body],
      ['get', '/api/tasks/search', (await api.get('/tasks/search?title=a')).body],
      ['get', '/api/tasks/{id}/diagnosis', (await api.get(`/tasks/${taskId}/diagnosis`)).body],
      ['get', '/api/tasks/{id}/subtasks', (await api.get(`/tasks/${taskId}/subtasks`)).body],
      ['post', '/api/tasks', (await api.post('/tasks')).body],
      ['get', '/api/health/ready', (await api.get('/health/ready')).body],
      ['get', '/api/teams', (await api.get('/teams')).body],
      ['get', '/api/bots', (await api.get('/bots')).body],
      ['get', '/api/models', (await api.get('/models')).body],
    ];
    for (const [method, path, body] of replies) {
      const pointer = `conch#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}/responses/200/content/application~1json/schema`;
      const validate = ajv.getSchema(pointer);
      expect([path, validate?.(body), validate?.errors]).toEqual([path, true, null]);
    }
    const refused = await api.get<ErrorBody>('/tasks/987654');
    const validate = schemaOf('ErrorDto');
    expect([validate(refused.body), validate.errors]).toEqual([true, null]);
  });

  it('is shown by Swagger UI', async () => {
    const { status, text } = await api.get('/docs');

    expect(status).toBe(200);
    expect(text).toContain('swagger-ui');
  });

  it('keeps the connection of a silent stream open with comments', async () => {
    const stream = await api.ask(script('case=hang-before-headers'), { connection: 'keep-alive' });
    const { taskId } = await started(stream);
    for (const end = Date.now() + 40_000; !stream.comments.includes('ping') && Date.now() < end;) await sleep(100);

    expect(stream.headers.connection).toBe('keep-alive');
    expect(stream.comments).toContain('ping');
    await api.cancel(taskId);
  });
});
