import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { InputRequiredEvent } from '../../src/common/contracts/chat-event.js';
import type { Api, ErrorBody } from '../support/api.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam, difyRuns, openSteps } from '../support/content/dify.js';
import { flaws, fold, type SseStream, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

describe('apps that wait for a person', () => {
  let stage: Stage;
  let api: Api;
  let apps = 0;

  beforeAll(async () => {
    stage = await Stage.start('embedded', { MAX_CONCURRENT_DIRECT_CHATS: '1', DIFY_INPUT_TIMEOUT_SECONDS: '6' });
    api = stage.api;
  });
  afterAll(() => endAll(stage));

  async function ask(text: string, mode = 'workflow') {
    const key = `app-i${(apps += 1)}-${mode}`;
    const { teamId } = await addDifyTeam(stage, api, key);
    const stream = await api.ask({ team_id: teamId, prompt: script(`tokens=5 rate=0 ${text}`) });
    const { taskId } = await started(stream);

    return { stream, taskId, key };
  }

  async function formOf(stream: SseStream) {
    const { data } = await stream.untilType('input_required');

    return (data as InputRequiredEvent).form;
  }

  const answer = (taskId: number, token: string, comment?: string) =>
    api.post<ErrorBody>(`/direct-chat/${taskId}/input`, {
      form_token: token,
      action: 'approve',
      inputs: comment === undefined ? {} : { comment },
    });

  it.each(['human-input', 'human-input-bare'])('go on in the same stream: %s', async (name) => {
    const { stream, taskId, key } = await ask(`case=${name}`);
    const form = await formOf(stream);
    expect(form).toMatchObject({
      title: 'Approval',
      inputs: [{ output_variable_name: 'comment' }],
      actions: [{ id: 'approve', title: 'Approve', style: 'primary' }, { id: 'reject' }],
      expires_at: expect.stringMatching(/^\d{4}-/),
    });
    const wrong = await answer(taskId, form.form_token);
    const right = await answer(taskId, form.form_token, 'fine');
    await stream.untilClosed();
    const again = await answer(taskId, form.form_token, 'fine');

    expect([wrong.status, wrong.body.code]).toEqual([400, 'dify_input_invalid']);
    expect([right.status, again.status]).toEqual([200, 404]);
    expect(flaws(stream.events)).toEqual([]);
    expect(typesOf(stream.events).filter((type) => type === 'start' || type === 'reset')).toEqual(['start']);
    expect(fold(stream.events)).toMatchObject({ content: generatedText(5), terminal: { type: 'done' } });
    expect(difyRuns(stage, key)).toHaveLength(1);
    const { status, result } = await api.task(taskId);
    expect([status, result?.value, result?.['forms']]).toEqual(['COMPLETED', generatedText(5), undefined]);
    const steps = result?.['steps'] as { step_id: string; status: string }[];
    expect(steps.filter((step) => step.status !== 'succeeded')).toEqual([]);
    expect(new Set(steps.map((step) => step.step_id)).size).toBe(steps.length);
  });

  it('take no place meanwhile, and tell what they wait for', async () => {
    const { stream, taskId } = await ask('case=human-input');
    const form = await formOf(stream);
    const other = await api.turn(script('tokens=5 rate=0'));
    const diagnosis = await api.get<Record<string, unknown>>(`/tasks/${taskId}/diagnosis`);
    const late = await api.attach(taskId);
    expect((await formOf(late)).form_token).toBe(form.form_token);
    const unknown = await answer(taskId, 'no-such-form', 'fine');
    await answer(taskId, form.form_token, 'fine');
    await Promise.all([stream.untilClosed(), late.untilClosed()]);

    expect(other.terminal?.type).toBe('done');
    expect(diagnosis.body).toMatchObject({ next_action: 'answer_input', upstream: { kind: 'dify' } });
    expect(diagnosis.body['hints']).toEqual(expect.arrayContaining([expect.stringContaining(form.form_token)]));
    expect(unknown.status).toBe(404);
    expect(fold(late.events)).toEqual(fold(stream.events));
  });

  it('end as the app decides when nobody answers, or somebody does elsewhere', async () => {
    for (const name of ['human-input', 'human-input-mail']) {
      const { stream } = await ask(`case=${name} form_seconds=1`);
      await stream.untilClosed();
      expect(fold(stream.events)).toMatchObject({ content: generatedText(5), terminal: { type: 'done' } });
    }
    const { stream } = await ask('case=paused');
    await stream.untilClosed();
    expect(fold(stream.events).terminal).toMatchObject({ type: 'done', finish_reason: 'paused' });
  });

  it('are given up after a while', async () => {
    const { stops } = stage.simulator.dify;
    const { stream, taskId } = await ask('case=human-input');
    await stream.untilClosed();

    expect(fold(stream.events).terminal).toMatchObject({ type: 'error', code: 'provider_timeout' });
    expect(openSteps((await api.task(taskId)).result)).toEqual([]);
    expect(stage.simulator.dify.stops).toBe(stops + 1);
  });

  it.each([
    ['workflow', 'human-input', 'confirmed'],
    ['advanced-chat', 'human-input', 'confirmed'],
    // It hears of the stop when it goes on, if ever.
    ['workflow', 'human-input-deaf', 'sent'],
  ])('are cancelled, and looked at: %s, %s', async (mode, name, stop) => {
    const [asking, left] = [await ask(`case=${name}`, mode), await ask(`case=${name}`, mode)];
    for (const { stream } of [asking, left]) await formOf(stream);
    const first = await api.cancel(asking.taskId);
    await eventually('nobody attends to the other', async () => {
      const { body } = await api.get(`/tasks/${left.taskId}/diagnosis`);

      return body['next_action'] === 'answer_input';
    });
    const second = await api.cancel(left.taskId);
    await Promise.all([asking.stream.untilClosed(), left.stream.untilClosed()]);

    for (const { body } of [first, second])
      expect(body).toMatchObject({ status: 'CANCELLED', proof: { dify_stop: stop, while: 'running' } });
    for (const { taskId } of [asking, left]) expect(openSteps((await api.task(taskId)).result)).toEqual([]);
  });
});
