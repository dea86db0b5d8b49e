import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody, Reply } from '../support/api.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage } from '../support/stages/stage.js';

const JSON_TYPE = { 'content-type': 'application/json' };
/** 60000 bytes are allowed; these characters have three each. */
const LONGEST = '漢'.repeat(20_000);
const TOO_LONG = `${LONGEST}x`;

function expectError(reply: Reply<ErrorBody>, status: number, code: string): void {
  const { body } = reply;
  expect([reply.status, body.code, reply.text.slice(0, 200)]).toEqual([status, code, expect.any(String)]);
  expect(
    Object.keys(body)
      .filter((key) => key !== 'errors')
      .sort(),
  ).toEqual(['code', 'detail', 'message', 'request_id', 'statusCode']);
  expect(body).toMatchObject({ statusCode: status, detail: body.message });
  expect(body.message).toMatch(/\S/);
  expect(reply.headers['x-request-id']).toBe(body.request_id);
  expect(reply.headers['content-type']).toMatch(/^application\/json/);
  expect(reply.text).not.toMatch(/node_modules|at Object|\.ts:|\.js:|select |insert /i);
}

describe('requests that cannot be', () => {
  let stage: Stage;
  let api: Api;
  let ended: number;
  let pending: number;

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    api = stage.api;
    ended = (await api.turn(script('tokens=1 rate=0'))).taskId;
    pending = (await api.post<{ id: number }>('/tasks/create', { prompt: 'later', team_name: 'demo-team' })).body.id;
  });

  afterAll(() => endAll(stage));

  const bodies: [string, unknown][] = [
    ['no prompt', {}],
    ['an empty prompt', { prompt: '' }],
    ['a prompt of blanks', { prompt: ' \n\t ' }],
    ['a number as prompt', { prompt: 5 }],
    ['null as prompt', { prompt: null }],
    ['a list as prompt', { prompt: ['x'] }],
    ['an object as prompt', { prompt: { text: 'x' } }],
    ['an unknown field', { prompt: 'x', promt: 'y' }],
    ['a text as team_id', { prompt: 'x', team_id: '1' }],
    ['a fraction as team_id', { prompt: 'x', team_id: 1.5 }],
    ['zero as team_id', { prompt: 'x', team_id: 0 }],
    ['a negative task_id', { prompt: 'x', task_id: -1 }],
    ['a huge task_id', { prompt: 'x', task_id: 1e300 }],
    ['a number as team_name', { prompt: 'x', team_name: 5 }],
    ['a long team_name', { prompt: 'x', team_name: 'x'.repeat(101) }],
    ['a list as inputs', { prompt: 'x', inputs: [1] }],
    ['files of another shape', { prompt: 'x', files: [{ id: 1 }] }],
    ['a NUL in the prompt', { prompt: 'a\0b' }],
    ['half a surrogate pair in the prompt', { prompt: 'a\ud800b' }],
    ['a NUL in the title', { prompt: 'x', title: 'a\0' }],
    ['a NUL in a key', { prompt: 'x', inputs: { 'a\0': 1 } }],
    ['a list', [{ prompt: 'x' }]],
    ['a text', 'x'],
    ['a number', 5],
    ['null', null],
    ['deep nesting', { prompt: 'x', inputs: JSON.parse(`${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`) as object }],
  ];

  it.each(bodies)('a turn: %s', async (_what, body) => {
    expectError(
      await api.raw<ErrorBody>('POST', '/direct-chat/stream', JSON.stringify(body), JSON_TYPE),
      422,
      'validation_failed',
    );
  });

  it.each([
    ['no body', undefined, JSON_TYPE, [400, 422], ['bad_request', 'validation_failed']],
    ['half a JSON', '{"prompt":', JSON_TYPE, [400], ['bad_request']],
    ['no JSON at all', 'prompt=x', JSON_TYPE, [400], ['bad_request']],
    [
      'bytes that are not UTF-8',
      Buffer.from([...Buffer.from('{"prompt":"'), 0xff, 0xfe, ...Buffer.from('"}')]),
      JSON_TYPE,
      [400, 422],
      ['bad_request', 'validation_failed'],
    ],
    [
      'a key of prototypes',
      '{"prompt":"x","__proto__":{"a":1}}',
      JSON_TYPE,
      [400, 422],
      ['bad_request', 'validation_failed'],
    ],
    ['more than 1 MiB', JSON.stringify({ prompt: 'x'.repeat(1_100_000) }), JSON_TYPE, [413], ['payload_too_large']],
    ['a form', 'prompt=x', { 'content-type': 'application/x-www-form-urlencoded' }, [415], ['unsupported_media_type']],
    ['plain text', 'x', { 'content-type': 'text/plain' }, [415, 422], ['unsupported_media_type', 'validation_failed']],
  ] as [string, string | Buffer | undefined, Record<string, string>, number[], string[]][])(
    'a turn: %s',
    async (_what, payload, headers, statuses, codes) => {
      const reply = await api.raw<ErrorBody>('POST', '/direct-chat/stream', payload, headers);

      expect(statuses).toContain(reply.status);
      expect(codes).toContain(reply.body.code);
      expectError(reply, reply.status, reply.body.code);
    },
  );

  it('a prompt of more than 60000 bytes, on every path', async () => {
    const json = { prompt: TOO_LONG };
    for (const [path, body] of [
      ['/direct-chat/stream', json],
      ['/direct-chat/stream', { ...json, task_id: ended }],
      [`/direct-chat/${ended}/stream`, json],
      ['/tasks/create', { ...json, team_name: 'demo-team' }],
      [`/tasks/create?task_id=${ended}`, json],
      [`/tasks/${ended}`, json],
    ] as const) {
      expectError(await api.post<ErrorBody>(path, body), 413, 'prompt_too_long');
    }
    expect((await api.task(ended)).subtasks).toHaveLength(2);
    const { status } = await api.post('/tasks/create', { prompt: LONGEST, team_name: 'demo-team' });
    expect(status).toBe(201);
  });

  it.each([['0'], ['-1'], ['abc'], ['1.5'], ['99999999999'], ['1e3'], ['%00'], ['%F0%9F'], ['..%2f1']])(
    'the id %s',
    async (id) => {
      for (const [method, path] of [
        ['GET', `/direct-chat/${id}/stream`],
        ['POST', `/direct-chat/${id}/stream`],
        ['POST', `/direct-chat/${id}/cancel`],
        ['GET', `/direct-chat/check/${id}`],
        ['GET', `/tasks/${id}`],
        ['GET', `/tasks/${id}/subtasks`],
        ['PUT', `/tasks/${id}`],
        ['DELETE', `/tasks/${id}`],
        ['POST', `/tasks/${id}/cancel`],
      ] as const) {
        const reply = await api.call<ErrorBody>(method, path, method === 'GET' || method === 'DELETE' ? undefined : {});
        expect([404, 400, 422]).toContain(reply.status);
        expectError(reply, reply.status, { 404: 'not_found', 400: 'bad_request' }[reply.status] ?? 'validation_failed');
      }
    },
  );

  it.each([
    [{ prompt: 'x', task_id: 987654 }],
    [{ prompt: 'x', team_id: 987654 }],
    [{ prompt: 'x', team_name: 'nobody' }],
    [{ prompt: 'x', model_id: 'nobody' }],
  ])('what does not exist: %j', async (body) => {
    expectError(await api.post<ErrorBody>('/direct-chat/stream', body), 404, 'not_found');
  });

  it('a turn of a task that waits for its first answer', async () => {
    expectError(await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x', task_id: pending }), 409, 'task_busy');
  });

  it('an ended task without a prompt', async () => {
    expectError(await api.post<ErrorBody>(`/direct-chat/${ended}/stream`), 400, 'task_final');
  });

  it.each([['?subtask_id=abc'], ['?subtask_id=0'], ['?nonsense=1'], ['?last_event_id=1&last_event_id=2']])(
    'the query %s',
    async (query) => {
      expectError(await api.get<ErrorBody>(`/direct-chat/${ended}/stream${query}`), 422, 'validation_failed');
    },
  );

  it.each([['?page=0'], ['?limit=0'], ['?limit=101'], ['?page=x'], ['?page=1.5']])('a list with %s', async (query) => {
    for (const path of ['/tasks', '/tasks/lite', `/tasks/${ended}/subtasks`]) {
      expectError(await api.get<ErrorBody>(`${path}${query}`), 422, 'validation_failed');
    }
  });

  it('a path or method that does not exist', async () => {
    expectError(await api.get<ErrorBody>('/nowhere'), 404, 'not_found');
    const reply = await api.call<ErrorBody>('PATCH', '/direct-chat/stream', {});
    expectError(reply, reply.status, reply.status === 405 ? 'method_not_allowed' : 'not_found');
  });

  it('inputs for a team that executors answer for', async () => {
    const bot = await api.post<{ id: number }>('/bots', { name: 'coder', shell_name: 'ClaudeCode' });
    expect([bot.status, bot.text]).toEqual([201, expect.any(String)]);
    const team = await api.post<{ id: number }>('/teams', { name: 'coders', bots: [{ bot_id: bot.body.id }] });
    expect(team.status).toBe(201);
    const body = { prompt: 'x', team_id: team.body.id, inputs: { city: 'Wien' } };
    const reply = await api.post<ErrorBody>('/direct-chat/stream', body);

    expectError(reply, 400, 'bad_request');
    expect(reply.body.message).toMatch(/executors/);
    const check = await api.get(`/direct-chat/check/${team.body.id}`);
    expect(check.body).toMatchObject({
      supports_direct_chat: false,
      shell_types: ['ClaudeCode'],
      reason: expect.any(String),
    });
  });

  it('a bot without a model, and a model without a key', async () => {
    const bot = await api.post<{ id: number }>('/bots', { name: 'mute', shell_name: 'Chat' });
    const team = await api.post<{ id: number }>('/teams', { name: 'mutes', bots: [{ bot_id: bot.body.id }] });
    expectError(
      await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x', team_id: team.body.id }),
      400,
      'model_not_configured',
    );
    const model = await api.post('/models', { name: 'keyless', provider: 'claude', modelId: 'claude-sonnet-4-5' });
    expect(model.status).toBe(201);
    expectError(
      await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x', model_id: 'keyless' }),
      400,
      'model_not_configured',
    );
  });

  it('an empty Idempotency-Key', async () => {
    const reply = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x' }, { 'idempotency-key': '' });
    expectError(reply, 400, 'bad_request');
  });

  it('none of all this has cost a provider call, or was an error of the server', () => {
    // One answer was asked for, as the background of the others.
    expect(stage.simulator.counters.requests).toBe(1);
    expect(stage.server(0).logs).not.toMatch(/ERROR/);
  });

  it.each(['/docs', '/openapi.json', '/tasks', '/metrics', '/health/live', '/nothing'])(
    'pages of others get nothing: %s',
    async (path) => {
      for (const headers of [
        { host: 'stranger.example' },
        { origin: 'https://stranger.example' },
        { 'sec-fetch-site': 'cross-site' },
      ] as Record<string, string>[])
        expectError(await api.get<ErrorBody>(path, headers), 403, 'forbidden');
    },
  );

  it.each([
    ['/tasks', "default-src 'none'"],
    ['/nothing', "default-src 'none'"],
    ['/docs', "default-src 'self'"],
    ['/docs/swagger-ui-init.js', "default-src 'self'"],
  ])('every reply has headers for browsers: %s', async (path, policy) => {
    const { headers } = await api.get(path);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
    expect(headers['cache-control']).toContain('no-store');
    expect(headers['content-security-policy']).toContain(policy);
  });

  it.each(['__proto__', 'constructor'])('a shell type of the name %s is one like others', async (name) => {
    expect((await api.get(`/models/unified?shell_type=${name}`)).status).toBe(200);
  });
});
