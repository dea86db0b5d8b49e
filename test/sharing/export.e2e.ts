import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { ChatEvent } from '../../src/common/contracts/chat-event.js';
import { type Api, type ErrorBody, started, type SubtaskBody, type TaskBody } from '../support/api.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

interface Line {
  type: 'task' | 'question' | 'event';
  task?: TaskBody & { team_name: string };
  subtask?: SubtaskBody;
  id?: string | null;
  event?: ChatEvent;
}

describe.each(STAGES)('exports of conversations, %s', (kind) => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  const file = (taskId: number, format: string) => api.get(`/tasks/${taskId}/export?format=${format}`);

  async function lines(taskId: number): Promise<Line[]> {
    const { text } = await file(taskId, 'ndjson');

    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  }

  it('are Markdown to read, named after the title', async () => {
    const first = await api.turn({
      prompt: script('tokens=20 rate=0 reasoning=5', 'Wie groß?'),
      title: 'Größe: a/b "x"',
    });
    await api.turn({ prompt: script('tokens=3 rate=0', 'And then?'), task_id: first.taskId });
    const { status, headers, text } = await file(first.taskId, 'markdown');

    expect([status, headers['content-type']]).toEqual([200, 'text/markdown; charset=utf-8']);
    expect(headers['content-disposition']).toBe(
      `attachment; filename="conversation-${first.taskId}.md"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20a%20b%20x.md`,
    );
    expect(text).toMatch(/^# Größe: a\/b "x"\n\n- Team: demo-team\n- Created: 2/);
    expect(text.match(/^## (Question|Answer)/gm)).toEqual(['## Question', '## Answer', '## Question', '## Answer']);
    expect(text).toContain('<summary>Reasoning</summary>');
    expect(text).toContain(`\n${generatedText(20).trim()}\n`);
    expect((await api.get(`/tasks/${first.taskId}/export`)).text).toBe(text);
  });

  it('are JSON with the task and all subtasks, of long conversations too', async () => {
    const { taskId } = await api.turn(script('tokens=2 rate=0', 'Turn 0'));
    for (let index = 1; index < 6; index += 1) {
      await api.turn({ prompt: script('tokens=2 rate=0', `Turn ${index}`), task_id: taskId });
    }
    const { text, headers } = await file(taskId, 'json');
    const { task, subtasks } = JSON.parse(text) as { task: TaskBody & { team_name: string }; subtasks: SubtaskBody[] };

    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(task).toMatchObject({ id: taskId, team_name: 'demo-team', usage: { total_tokens: expect.any(Number) } });
    expect((await api.task(taskId)).subtasks).toMatchObject(subtasks);
    expect(subtasks.map(({ message_id }) => message_id)).toEqual(
      Array.from({ length: 12 }, (_one, index) => index + 1),
    );
  });

  it('are JSON with all versions, and else the version that is shown', async () => {
    const { taskId } = await api.turn(script('tokens=2 rate=0', 'Old question'));
    const version = { prompt: script('tokens=2 rate=0', 'New question') };
    expect((await api.post(`/tasks/${taskId}/versions`, version)).status).toBe(201);
    await (await api.attach(taskId)).untilClosed();
    const prompts = ({ text }: { text: string }) => text.match(/(Old|New) question/g);

    expect(new Set(prompts(await file(taskId, 'json')))).toEqual(
      new Set(['Old', 'New'].map((each) => `${each} question`)),
    );
    const { subtasks } = JSON.parse((await file(taskId, 'json')).text) as { subtasks: SubtaskBody[] };
    expect(subtasks.map(({ parent_id }) => parent_id)).toEqual([0, 1, 0, 3]);
    expect((await file(taskId, 'markdown')).text).not.toContain('## Old');
    expect((await lines(taskId)).filter(({ type }) => type === 'question')).toHaveLength(1);
  });

  it('have the events of answers as clients received them, and of running ones those so far', async () => {
    const turn = await api.turn(script('tokens=30 rate=0'));
    const exported = await lines(turn.taskId);

    expect(exported.slice(0, 2)).toMatchObject([{ type: 'task', task: { id: turn.taskId } }, { type: 'question' }]);
    expect(exported.slice(2).map(({ id, event }) => ({ id, data: event }))).toEqual(
      turn.stream.events.filter(({ data }) => data.type !== 'queued').map(({ id, data }) => ({ id, data })),
    );
    stage.simulator.holdAt(5);
    const stream = await api.ask(script('tokens=50 rate=1000'));
    const { taskId } = await started(stream);
    await stream.untilType('content');
    const running = await lines(taskId);
    stage.simulator.holdAt(Number.POSITIVE_INFINITY);
    await stream.untilClosed();
    expect(running.at(-1)?.event?.type).toBe('content');
  });

  it('have what is stored of answers without a log', async () => {
    const { body } = await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt: 'Not started' });
    const exported = await lines(body.id);

    expect(exported.map(({ type, id }) => [type, id])).toEqual([
      ['task', undefined],
      ['question', undefined],
      ['event', null],
    ]);
    expect(exported.at(-1)?.event).toEqual({ type: 'resync', content: '', reasoning: '' });
  });

  it('are refused for other formats and unknown tasks', async () => {
    const { body } = await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt: 'x' });
    const wrong = await api.get<ErrorBody>(`/tasks/${body.id}/export?format=pdf`);
    const missing = await api.get<ErrorBody>('/tasks/987654/export');
    await api.call('DELETE', `/tasks/${body.id}`);
    const deleted = await api.get<ErrorBody>(`/tasks/${body.id}/export`);

    expect([wrong.status, wrong.body.code]).toEqual([422, 'validation_failed']);
    expect([missing.status, missing.body.code]).toEqual([404, 'not_found']);
    expect([deleted.status, deleted.body.code]).toEqual([404, 'not_found']);
  });
});
