import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, type ErrorBody, started, type TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { addDifyTeam } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

interface Conversation {
  id: number;
  title: string;
  status: string;
  team_name: string | null;
  shell_types: string[];
  model_id: string | null;
  preview: string;
  match?: string;
  input_required: boolean;
  turn_count: number;
  last_activity_at: string;
}

interface ConversationPage {
  total: number;
  items: Conversation[];
  partial?: true;
}

describe.each(STAGES)('the list of conversations, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  async function list(query: Record<string, string> = {}): Promise<ConversationPage> {
    const { status, body, text } = await api.get<ConversationPage>(
      `/conversations?${new URLSearchParams(query).toString()}`,
    );
    if (status !== 200) throw new Error(`HTTP ${status}: ${text}`);

    return body;
  }

  const found = async (search: string) => (await list({ search })).items.map(({ id, match }) => ({ id, match }));
  const turn = (prompt: string, more: object = {}) =>
    api.turn({ prompt: script('tokens=3 rate=0', prompt), title: 'A talk', ...more });

  it('shows the newest activity first, with what was said last', async () => {
    const first = await turn('Where do snails live?', { title: 'Snails' });
    const second = await turn('And shells?', { title: 'Shells', model_id: 'simulator-openai' });
    await turn('What do they eat?', { task_id: first.taskId });
    const { total, items } = await list({ limit: '2' });

    expect(total).toBeGreaterThanOrEqual(2);
    expect(items).toEqual([
      expect.objectContaining({
        ...{ id: first.taskId, title: 'Snails', status: 'COMPLETED', task_type: 'chat', team_name: 'demo-team' },
        ...{
          shell_types: ['Chat'],
          model_id: null,
          preview: generatedText(3).trim().replace(/\s+/g, ' '),
          turn_count: 2,
        },
        ...{ input_required: false, last_activity_at: expect.stringMatching(/^\d{4}-.*Z$/) },
      }),
      expect.objectContaining({ id: second.taskId, model_id: 'simulator-openai', turn_count: 1 }),
    ]);
    expect((await list({ limit: '1', page: '2' })).items.map(({ id }) => id)).toEqual([second.taskId]);
  });

  it('shows the question until there is an answer, without the inputs in front of it and cut between characters', async () => {
    const inputs = '[EXTERNAL_API_PARAMS]{"secret":"x"}[/EXTERNAL_API_PARAMS]\n';
    const prompt = `${inputs}${'🐚'.repeat(100)}`;
    const { body } = await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt });
    const [item] = (await list({ status: 'PENDING' })).items;

    expect(item).toMatchObject({ id: body.id, status: 'PENDING', preview: '🐚'.repeat(80) });
    expect((await list({ status: 'FAILED' })).items).toEqual([]);
  });

  it('finds titles, questions and answers in any case and script, and says where', async () => {
    const long = 'far away. '.repeat(30);
    const title = (await turn('a', { title: 'Größe der Muschel' })).taskId;
    const question = (await turn(`${long}海螺的壳有多大？ ${long}`)).taskId;
    const answer = await api.turn({ prompt: script('tokens=40 rate=0', 'Needle'), title: 'A talk' });
    const [, word = ''] = generatedText(40).trim().split(/\s+/);

    expect(await found('GRÖSSE'.toLowerCase())).toEqual([]);
    expect(await found('GRÖẞE'.toLowerCase())).toEqual([{ id: title, match: undefined }]);
    expect(await found('mUSCHEL')).toEqual([{ id: title, match: undefined }]);
    const [hit] = await found('海螺的壳');
    expect(hit).toEqual({ id: question, match: expect.stringMatching(/^….*海螺的壳有多大.*…$/) });
    expect(hit?.match?.length).toBeLessThanOrEqual(162);
    const hits = await found(generatedText(40).trim().slice(0, 60).toUpperCase());
    expect(hits).toContainEqual({ id: answer.taskId, match: expect.stringContaining(word) });
    expect(await found('nEEDLE')).toEqual([{ id: answer.taskId, match: expect.stringContaining('Needle') }]);
  });

  it('knows no wildcards, and finds what looks like one', async () => {
    const { taskId } = await turn('It is 100%_sure \\ or not');

    expect(await found('100%_sure \\ or')).toEqual([{ id: taskId, match: expect.any(String) }]);
    for (const search of ['1%sure', '1__%', 'It_is', '%', "'; drop table tasks; --"]) {
      expect((await found(search)).map(({ id }) => id)).toEqual(search === '%' ? [taskId] : []);
    }
  });

  it('shows only what belongs to a team, and what was not deleted', async () => {
    const { taskId } = await turn('Delete me now');
    const teams = (await api.get<{ items: { id: number; name: string }[] }>('/teams?limit=100')).body.items;
    const team = teams.find(({ name }) => name === 'demo-openai-team')?.id ?? 0;
    const other = await turn('Of another team', { team_id: team });

    expect((await list({ team_id: String(team) })).items.map(({ id }) => id)).toEqual([other.taskId]);
    expect(await found('Delete me now')).toHaveLength(1);
    await api.call('DELETE', `/tasks/${taskId}`);
    expect(await found('Delete me now')).toEqual([]);
    expect((await list({ limit: '100' })).items.map(({ id }) => id)).not.toContain(taskId);
  });

  it('says when an app waits for a person', async () => {
    const { teamId } = await addDifyTeam(stage, api, `app-conversations-${kind}-workflow`);
    const stream = await api.ask({ team_id: teamId, prompt: script('tokens=3 rate=0 case=human-input') });
    const { taskId } = await started(stream);
    await stream.untilType('input_required');
    const item = async () => (await list({ team_id: String(teamId) })).items[0];
    let shown = await item();
    for (let attempt = 0; attempt < 100 && !shown?.input_required; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      shown = await item();
    }

    expect(shown).toMatchObject({ id: taskId, input_required: true, shell_types: ['Dify'] });
    await api.cancel(taskId);
    await stream.untilClosed();
    expect(await item()).toMatchObject({ id: taskId, input_required: false, status: 'CANCELLED' });
  });

  it('refuses what it does not know', async () => {
    for (const query of ['status=DELETE', 'status=x', 'team_id=x', 'limit=101', `search=${'x'.repeat(201)}`]) {
      const { status, body } = await api.get<ErrorBody>(`/conversations?${query}`);
      expect([query, status, body.code]).toEqual([query, 422, 'validation_failed']);
    }
  });
});
