import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { ChatEvent, InputRequiredEvent, ResetEvent } from '../../src/common/contracts/chat-event.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam, difyRuns } from '../support/content/dify.js';
import { fold, type SseStream } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

const TOKENS = 60;
const WHOLE = generatedText(TOKENS);

describe('a worker is killed while an app answers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed');
  });
  afterAll(() => endAll(stage));

  async function ask(mode: string, text = '') {
    const key = `app-r-${mode}`;
    const { teamId } = await addDifyTeam(stage, stage.api, key);
    const stream = await stage.api.ask({ team_id: teamId, prompt: script(`tokens=${TOKENS} rate=20 ${text}`) });

    return { key, stream, ...(await started(stream)) };
  }

  /** Goes on after what was read, as a browser does. */
  async function whole({ taskId, stream }: { taskId: number; stream: SseStream }) {
    await stream.untilClosed();
    const rest = await (await stage.api.attach(taskId, stream.lastId)).untilClosed();
    const events = [...stream.events, ...rest.events];

    return {
      ...fold(events),
      resets: events.flatMap(({ data }) => (isReset(data) ? [data.reason] : [])),
    };
  }

  /** Of the run: a client that had read more than was logged starts over as well. */
  const isReset = (event: ChatEvent): event is ResetEvent => event.type === 'reset' && event.reason !== 'log_lost';

  it('its runs are joined again, none is paid twice', async () => {
    const flows = await Promise.all([
      ask('workflow'),
      ask('advanced-chat'),
      ask('noevents-workflow'),
      ask('dead-workflow', 'case=disconnect after=5'),
    ]);
    const chat = await ask('chat');
    const waiting = await ask('human-workflow', 'case=human-input');
    const { data } = await waiting.stream.untilType('input_required');
    for (const { stream } of [...flows, chat]) await stream.untilType('content');
    await eventually('the run that waits is left', async () => {
      const { body } = await stage.api.get(`/tasks/${waiting.taskId}/diagnosis`);

      return body['next_action'] === 'answer_input';
    });
    await stage.server(0).kill();
    await stage.revive();
    const { form } = data as InputRequiredEvent;
    const reply = await stage.api.post(`/direct-chat/${waiting.taskId}/input`, {
      form_token: form.form_token,
      action: 'approve',
      inputs: { comment: 'fine' },
    });

    expect(reply.status).toBe(200);
    for (const flow of [...flows, waiting]) {
      const { content, terminal, resets } = await whole(flow);
      expect([flow.key, content, terminal?.type]).toEqual([flow.key, WHOLE, 'done']);
      expect([flow.key, resets]).toEqual([flow.key, []]);
      expect([flow.key, difyRuns(stage, flow.key).length]).toEqual([flow.key, 1]);
      const { result } = await stage.api.task(flow.taskId);
      expect(result?.value).toBe(WHOLE);
      const steps = result?.['steps'] as { step_id: string; status: string; title: string }[];
      expect(steps.filter(({ status }) => status !== 'succeeded')).toEqual([]);
      expect(steps.map(({ title }) => title)).toEqual(expect.arrayContaining(['Start']));
    }
    // Others cannot be joined: they are stopped and begin again.
    const again = await whole(chat);
    expect([again.content, again.terminal?.type]).toEqual([WHOLE, 'done']);
    expect(difyRuns(stage, chat.key)).toHaveLength(2);
    expect(stage.simulator.dify.stops).toBe(1);
  });
});
