import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { type OpenApiDocument, type Operation, operationsOf, pathOf } from '../support/openapi.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import type { Stage } from '../support/stages/stage.js';

const FIELD = 'a_field_of_tomorrow';
/** The calls that Wegent does not have; all others have the shape of Wegent's. */
const OWN = [
  ...[/ \/api\/direct-chat\//, / \/api\/conversations$/, / \/api\/dify\/(files|messages\/)/, / \/api\/auth\/refresh$/],
  / \/api\/tasks\/(events|\{\w+\}\/(events|versions|branch|follow-ups|links|export))\b/,
  ...[/^(POST|PUT) \/api\/models(\/\{name\})?$/, /^PUT \/api\/users\/\{id\}$/],
];

describe('unknown fields', () => {
  let stage: Stage;
  let api: Api;
  let operations: Operation[];

  beforeAll(async () => {
    stage = await sharedStage('embedded');
    ({ api } = stage);
    const { body } = await api.get<OpenApiDocument>('/openapi.json');
    operations = operationsOf(body);
  });

  afterAll(() => endAll(stage));

  /** Whether a call refuses a field that it does not know. */
  async function refuses(operation: Operation, query: string, body?: object): Promise<boolean> {
    const path = pathOf(operation, () => '1');
    const reply = await api.call<ErrorBody | null>(operation.method, `${path}${query}`, body);

    return reply.status === 422 && (reply.body?.errors ?? []).some(({ field }) => field === FIELD);
  }

  const nameOf = ({ method, path }: Operation) => `${method} ${path}`;
  const isOwn = (operation: Operation) => OWN.some((pattern) => pattern.test(nameOf(operation)));

  it('of bodies are ignored by calls that Wegent has too, and refused by all others', async () => {
    const withBody = operations.filter(({ body }) => body);
    const strict: Operation[] = [];
    for (const operation of withBody) if (await refuses(operation, '', { [FIELD]: 1 })) strict.push(operation);

    expect(withBody.length).toBeGreaterThan(20);
    expect(strict.map(nameOf)).toEqual(withBody.filter(isOwn).map(nameOf));
  });

  it('of queries too', async () => {
    const withQuery = operations.filter(({ parameters }) => parameters.some((parameter) => parameter.in === 'query'));
    const strict: Operation[] = [];
    for (const operation of withQuery) {
      const body = operation.body ? {} : undefined;
      if (await refuses(operation, `?${FIELD}=1`, body)) strict.push(operation);
    }

    expect(withQuery.length).toBeGreaterThan(10);
    expect(strict.map(nameOf)).toEqual(withQuery.filter(isOwn).map(nameOf));
  });

  it("of Wegent's second message, its lists and its profile do no harm", async () => {
    const { taskId } = await api.turn({ prompt: 'first' });
    const second = await api.post(`/tasks/${taskId}`, {
      ...{ message: 'second', title: 'first', prompt: 'second', task_id: taskId, batch: 0, user_id: 0, user_name: '' },
      ...{ git_url: '', git_repo: '', git_domain: '', branch_name: '', task_type: 'chat' },
      ...{ git_repo_id: null, model_id: null, force_override_bot_model: null },
    });
    const lists = ['/tasks?status=', '/teams?scope=all', '/bots?scope=personal', '/models/unified?scope=all'];
    const statuses = await Promise.all(lists.map(async (path) => (await api.get(path)).status));
    const profile = await api.call('PUT', '/users/me', { user_name: 'somebody', email: 'a@example.org' });

    expect([second.status, second.body['prompt']]).toEqual([201, 'second']);
    expect(statuses).toEqual([200, 200, 200, 200]);
    expect([profile.status, profile.body['user_name']]).toEqual([200, 'local']);
  });
});
