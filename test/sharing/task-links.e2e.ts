import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { type Api, type ErrorBody, started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam } from '../support/content/dify.js';
import { fold, type SseStream } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

interface Link {
  token: string;
  path: string;
  access: string;
  expires_at: string;
}

interface SharedTask {
  title: string;
  status: string;
  team_name: string;
  access: string;
  expires_at: string;
  messages: { role: string; prompt: string; result: { value: string; steps?: object[] } | null }[];
}

const PASSWORD = 'the password of this test';
const JWT_SECRET = 'a secret of this test, long enough';

describe('links to conversations', () => {
  let stage: Stage;
  let anyone: Api;
  let admin: Api;
  let eve: Api;
  let eveId: number;

  beforeAll(async () => {
    stage = await Stage.start('embedded', { AUTH_MODE: 'jwt', ADMIN_PASSWORD: PASSWORD, JWT_SECRET });
    anyone = stage.api;
    admin = await logIn('admin');
    eveId = (await admin.post<{ id: number }>('/users', { user_name: 'eve', password: PASSWORD })).body.id;
    eve = await logIn('eve');
  });

  afterAll(() => endAll(stage));

  async function logIn(user_name: string): Promise<Api> {
    const { body } = await anyone.post<{ access_token: string }>('/auth/login', { user_name, password: PASSWORD });

    return anyone.as(body.access_token);
  }

  async function linkTo(taskId: number, access = 'read', api = admin): Promise<Link> {
    const { status, body, text } = await api.post<Link>(`/tasks/${taskId}/links`, { access });
    if (status !== 201) throw new Error(`HTTP ${status}: ${text}`);

    return body;
  }

  const eventsIn = ({ events }: SseStream) => events.map(({ id, data }) => ({ id, data }));

  const refusal = async (path: string, method = 'GET') => {
    const { status, body } = await anyone.call<ErrorBody>(method, path);

    return [status, body.code];
  };

  it('show the conversation without an account, and nothing about its owner', async () => {
    const { taskId } = await admin.turn(
      script('tokens=5 rate=0', '[EXTERNAL_API_PARAMS]{"k":"hush"}[/EXTERNAL_API_PARAMS]Hi'),
    );
    const link = await linkTo(taskId);
    const { status, body, text } = await anyone.get<SharedTask>(link.path);

    expect(link).toMatchObject({ path: `/shared/${link.token}`, access: 'read' });
    expect(Date.parse(link.expires_at)).toBeGreaterThan(Date.now() + 86_000_000);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'COMPLETED',
      team_name: 'demo-team',
      access: 'read',
      expires_at: link.expires_at,
    });
    expect(body.messages.map(({ role }) => role)).toEqual(['USER', 'ASSISTANT']);
    expect(body.messages[0]?.prompt).toMatch(/^Hi/);
    expect(text).not.toMatch(/admin|hush|user_id|bot|executor|friendly assistant/);
  });

  it('stream the answer, from any event on, and stop it where they may', async () => {
    stage.simulator.holdAt(5);
    const stream = await admin.ask(script('tokens=500 rate=1000'));
    const { taskId } = await started(stream);
    const reader = await linkTo(taskId);
    const stopper = await linkTo(taskId, 'read_and_stop');
    const watched = await anyone.open(`${reader.path}/stream`);
    await watched.untilType('content');
    const resumed = await anyone.open(`${reader.path}/stream`, {
      headers: { 'last-event-id': watched.events[0]?.id ?? '' },
    });
    await resumed.untilType('content');
    expect(await refusal(`${reader.path}/cancel`, 'POST')).toEqual([403, 'forbidden']);
    const stopped = await anyone.post<{ status: string }>(`${stopper.path}/cancel`);
    stage.simulator.holdAt(Number.POSITIVE_INFINITY);
    await Promise.all([stream.untilClosed(), watched.untilClosed(), resumed.untilClosed()]);

    expect([stopped.status, stopped.body.status]).toEqual([200, 'CANCELLED']);
    expect(eventsIn(watched)).toEqual(eventsIn(stream));
    expect(eventsIn(resumed)).toEqual(eventsIn(watched).slice(1));
    expect(fold(watched.events).terminal?.type).toBe('cancelled');
    expect(await refusal(`${stopper.path}/cancel`, 'POST')).toEqual([400, 'task_final']);
    const end = watched.events.at(-1)?.id ?? '';
    expect((await anyone.open(`${reader.path}/stream?last_event_id=${end}`)).status).toBe(204);
  });

  it('show no details of the steps of apps', async () => {
    const { teamId } = await addDifyTeam(stage, admin, 'app-links-workflow');
    const { taskId, stream } = await admin.turn({ team_id: teamId, prompt: script('tokens=3 rate=0') });
    const { path } = await linkTo(taskId);
    const watched = await anyone.open(`${path}/stream`);
    await watched.untilClosed();

    expect(JSON.stringify(stream.events)).toContain('"detail"');
    expect(watched.events).toHaveLength(stream.events.filter(({ data }) => data.type !== 'queued').length);
    expect(JSON.stringify(watched.events)).not.toContain('"detail"');
    const { body, text } = await anyone.get<SharedTask>(path);
    expect(body.messages[1]?.result?.steps?.length).toBeGreaterThan(0);
    expect(text).not.toContain('"detail"');
  });

  it('are made and ended by the owner alone', async () => {
    const { taskId } = await admin.turn(script('tokens=2 rate=0'));
    const foreign = await eve.post<ErrorBody>(`/tasks/${taskId}/links`, { access: 'read' });
    const { path } = await linkTo(taskId);
    const ended = await eve.call<ErrorBody>('DELETE', `/tasks/${taskId}/links`);
    const wrong = await admin.post<ErrorBody>(`/tasks/${taskId}/links`, { access: 'write', expires_in_seconds: 59 });

    expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found']);
    expect([ended.status, ended.body.code]).toEqual([404, 'not_found']);
    expect(wrong.body.errors?.map(({ field }) => field)).toEqual(['access', 'expires_in_seconds']);
    expect((await anyone.get(path)).status).toBe(200);
    expect((await admin.call('DELETE', `/tasks/${taskId}/links`)).status).toBe(200);
    expect(await refusal(path)).toEqual([404, 'link_not_valid']);
    expect((await anyone.get((await linkTo(taskId)).path)).status).toBe(200);
  });

  it('end with their task, with their user, and while they are open', async () => {
    const deleted = await admin.turn(script('tokens=2 rate=0'));
    const ofDeleted = await linkTo(deleted.taskId);
    await admin.call('DELETE', `/tasks/${deleted.taskId}`);
    expect(await refusal(ofDeleted.path)).toEqual([404, 'link_not_valid']);

    stage.simulator.holdAt(3);
    const stream = await eve.ask(script('tokens=50 rate=1000'));
    const { taskId } = await started(stream);
    const { path } = await linkTo(taskId, 'read', eve);
    const watched = await anyone.open(`${path}/stream`);
    await watched.untilType('content');
    await admin.call('PUT', `/users/${eveId}`, { is_active: false });
    expect(await refusal(path)).toEqual([404, 'link_not_valid']);
    await watched.untilClosed();
    expect(fold(watched.events).terminal).toBeNull();
    stage.simulator.holdAt(Number.POSITIVE_INFINITY);
    await admin.call('PUT', `/users/${eveId}`, { is_active: true });
    await eventually('the link is open again', async () => (await anyone.get(path)).status === 200);
  });

  it('cannot be forged, are no log-in, and log-ins are no links', async () => {
    const { taskId } = await admin.turn(script('tokens=2 rate=0'));
    const { token, path } = await linkTo(taskId);
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const signed = (secret: string | Buffer, changes: object) => {
      const text = `${head}.${Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url')}`;

      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const key = createHmac('sha256', JWT_SECRET).update('links to tasks').digest();
    const { body: login } = await anyone.post<{ access_token: string }>('/auth/login', {
      ...{ user_name: 'admin', password: PASSWORD },
    });
    const forged = [
      ...['x', `${head}.${body}.`, `${head}.${body}.${signature.slice(0, -2)}AA`, login.access_token],
      ...[signed(JWT_SECRET, {}), signed(key, { exp: 1 }), signed(key, { aud: 'user' }), signed(key, { epoch: 7 })],
    ];

    expect((await anyone.get(`/shared/${signed(key, {})}`)).status).toBe(200);
    for (const each of forged) {
      expect([each, await refusal(`/shared/${each}`)]).toEqual([each, [404, 'link_not_valid']]);
      expect(await refusal(`/shared/${each}/stream`)).toEqual([404, 'link_not_valid']);
    }
    expect((await anyone.as(token).get('/tasks')).status).toBe(401);
    expect((await anyone.as(signed(JWT_SECRET, { aud: 'user', sub: 'admin' })).get('/tasks')).status).toBe(401);
    expect((await anyone.get(path)).status).toBe(200);
    expect(stage.server(0).logs).not.toContain(token);
  });

  it('are limited by address', async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 260 && !seen.has('too_many_requests'); count += 1) {
      const { body, headers } = await anyone.get<ErrorBody>('/shared/guess');
      seen.add(body.code);
      if (body.code === 'too_many_requests') expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }

    expect(seen).toEqual(new Set(['link_not_valid', 'too_many_requests']));
  });
});
