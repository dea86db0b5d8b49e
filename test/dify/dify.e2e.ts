import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Api, ErrorBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { addDifyTeam, type DifyTeam } from '../support/content/dify.js';
import { Stage } from '../support/stages/stage.js';
import { addTeam } from '../support/content/teams.js';

const ADMIN = { user_name: 'admin', password: 'the password of this test' };
const BEN = { user_name: 'ben', password: 'the password of ben' };

describe('apps of Dify', () => {
  let stage: Stage;
  let api: Api;
  let ben: Api;
  let all: DifyTeam;

  const logIn = async (user: object) => {
    const { body } = await stage.api.post<{ access_token: string }>('/auth/login', user);

    return stage.api.as(body.access_token);
  };
  const app = (key: string, env: Record<string, unknown> = {}) => addDifyTeam(stage, api, key, env);
  const refused = async (path: string, body: object, as = api) => {
    const reply = await as.post<ErrorBody>(path, body);

    return [reply.status, reply.body.code, reply.body.message] as const;
  };
  const at = (key: string, path = '/dify') => ({ api_key: key, base_url: stage.simulator.url + path });

  beforeAll(async () => {
    stage = await Stage.start('embedded', { AUTH_MODE: 'jwt', ADMIN_PASSWORD: ADMIN.password });
    api = await logIn(ADMIN);
    await api.post('/users', BEN);
    ben = await logIn(BEN);
    all = await app('app-inputs-advanced-chat');
  });
  afterAll(() => endAll(stage));

  describe('tell what they are', () => {
    it('by bot, or by key and address with and without /v1', async () => {
      const info = {
        name: 'Simulated advanced-chat',
        mode: 'advanced-chat',
        author_name: 'Conch',
        tags: ['simulator'],
      };
      const refs = [{ bot_id: all.botId }, at('app-x-advanced-chat'), at('app-x-advanced-chat', '/dify/v1/')];

      for (const ref of refs) {
        const { status, body } = await api.post('/dify/app/info', ref);
        expect([status, body]).toEqual([200, expect.objectContaining(info)]);
      }
    });

    it('as far as an old server knows', async () => {
      const { body } = await api.post('/dify/app/info', at('app-old-chat'));

      expect(body).toMatchObject({ name: 'Simulated chat', mode: null, author_name: null });
    });

    it('and what they ask for', async () => {
      const { status, body } = await api.post('/dify/app/parameters', { bot_id: all.botId });

      expect(status).toBe(200);
      expect(body).toMatchObject({
        user_input_form: expect.arrayContaining([{ 'text-input': expect.objectContaining({ variable: 'city' }) }]),
        file_upload: { enabled: true, number_limits: 3 },
        system_parameters: { file_size_limit: 15 },
      });
    });

    it.each<[string, () => object, number, string, RegExp]>([
      ['a key that is refused', () => at('app-bad-chat'), 502, 'provider_auth', /Access token is invalid/],
      ['an app that is switched off', () => at('app-off-chat'), 502, 'dify_app_unavailable', /disabled/],
      ['an address with a web page', () => at('app-html-chat'), 502, 'provider_protocol', /base url|BASE_URL/i],
      [
        'this machine',
        () => ({ api_key: 'k', base_url: 'http://127.0.0.1:1' }),
        400,
        'provider_blocked',
        /EGRESS_ALLOW/,
      ],
      ['a private net', () => ({ api_key: 'k', base_url: 'http://10.0.0.1' }), 400, 'provider_blocked', /EGRESS_ALLOW/],
      ['no app at all', () => ({}), 422, 'validation_failed', /bot_id/],
      ['an address that is none', () => ({ api_key: 'k', base_url: 'ftp://x' }), 422, 'validation_failed', /base_url/],
      ['an unknown bot', () => ({ bot_id: 999_999 }), 404, 'not_found', /999999/],
    ])('but not for %s', async (_case, ref, status, code, message) => {
      for (const path of ['/dify/app/info', '/dify/app/parameters']) {
        expect(await refused(path, ref())).toEqual([status, code, expect.stringMatching(message)]);
      }
    });

    it('but not for bots of other shells or other users, nor to strangers', async () => {
      const { body } = await api.post<{ id: number }>('/bots', { name: 'chatter', shell_name: 'Chat' });

      expect(await refused('/dify/app/info', { bot_id: body.id })).toEqual([
        422,
        'validation_failed',
        expect.stringContaining('Chat'),
      ]);
      expect((await refused('/dify/app/info', { bot_id: all.botId }, ben))[0]).toBe(404);
      expect((await refused('/dify/app/info', { bot_id: all.botId }, stage.api))[0]).toBe(401);
    });
  });

  describe('ask for inputs', () => {
    const form = (teamId: number, as = api) => as.get<ErrorBody>(`/teams/${teamId}/input-parameters`);

    it('as a form, without what they fill in themselves', async () => {
      const { status, body } = await form(all.teamId);

      expect(status).toBe(200);
      expect(body).toMatchObject({
        has_parameters: true,
        app_mode: 'advanced-chat',
        files: { allowed_file_types: ['image', 'document'], number_limits: 3 },
      });
      expect((body as unknown as { parameters: object[] }).parameters).toEqual([
        { variable: 'city', label: 'City', required: true, type: 'text-input', max_length: 48 },
        expect.objectContaining({ variable: 'tone', type: 'select', options: ['warm', 'dry'], default: 'warm' }),
        expect.objectContaining({ variable: 'notes', type: 'paragraph' }),
        expect.objectContaining({ variable: 'days', type: 'number' }),
        expect.objectContaining({ variable: 'weekend', type: 'checkbox' }),
        expect.objectContaining({ variable: 'plan', type: 'file', allowed_file_types: ['image', 'document'] }),
        expect.objectContaining({ variable: 'photos', type: 'file-list', max_length: 2 }),
        expect.objectContaining({ variable: 'extra', type: 'json_object' }),
      ]);
    });

    it('none, where a model answers', async () => {
      const teamId = await addTeam(api, { name: 'models', shells: ['Chat', 'ClaudeCode'] });

      expect((await form(teamId)).body).toEqual({ has_parameters: false, parameters: [] });
    });

    it('only of those who may use the team, and when they can be reached', async () => {
      const { teamId } = await app('app-bad-chat');

      expect((await form(all.teamId, ben)).status).toBe(404);
      expect([(await form(teamId)).status, (await form(teamId)).body.code]).toEqual([502, 'provider_auth']);
    });
  });

  describe('take feedback', () => {
    let messageId: string;
    const give = (id: string, body: object, as = api) => refused(`/dify/messages/${id}/feedback`, body, as);

    beforeAll(async () => {
      const { teamId } = await app('app-x-chat');
      const turn = await api.turn({ team_id: teamId, prompt: 'Hello' });
      const { result } = await api.answer(turn.taskId, turn.subtaskId);
      messageId = (result as unknown as { message_id: string }).message_id;
    });

    it('for an answer, and take it back', async () => {
      const before = stage.simulator.dify.feedbacks;
      expect((await give(messageId, { rating: 'like', content: 'good' }))[0]).toBe(200);
      const { body } = stage.simulator.requests.at(-1) ?? {};
      expect((await give(messageId, { rating: null }))[0]).toBe(200);

      expect(body).toEqual({ rating: 'like', content: 'good', user: expect.stringMatching(/^conch-/) });
      expect(stage.simulator.dify.feedbacks).toBe(before + 2);
    });

    it('from its owner only', async () => {
      const before = stage.simulator.dify.feedbacks;

      expect((await give(messageId, { rating: 'like' }, ben))[0]).toBe(404);
      expect((await give('3f0e8a8e-0000-4000-8000-000000000000', { rating: 'like' }))[0]).toBe(404);
      expect(stage.simulator.dify.feedbacks).toBe(before);
    });

    it.each([[{}], [{ rating: 'great' }], [{ rating: 'like', content: 5 }]])(
      'of a known kind: not %j',
      async (body) => {
        expect((await give(messageId, body))[0]).toBe(422);
      },
    );
  });
});
