import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { CancelProof } from '../../src/common/contracts/chat-event.js';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { addDifyTeam, openSteps } from '../support/content/dify.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, type Stage } from '../support/stages/stage.js';

interface CancelBody {
  status: string;
  proof?: CancelProof;
}

describe('stopping Dify apps', () => {
  let stage: Stage;
  let apps = 0;

  beforeAll(async () => {
    stage = await sharedStage('distributed');
  });
  afterAll(() => endAll(stage));

  async function ask(mode: string, text: string) {
    const { teamId } = await addDifyTeam(stage, stage.api, `app-s${(apps += 1)}-${mode}`);
    const stream = await stage.api.ask({ team_id: teamId, prompt: script(text) });
    const { taskId } = await started(stream);

    return { stream, taskId };
  }

  /** Every other cancel comes to another replica than the answer was asked of. */
  const cancel = (taskId: number) => stage.server(taskId % 2).api.cancel<CancelBody>(taskId);

  it.each(['chat', 'agent-chat', 'advanced-chat', 'agent', 'completion', 'workflow'])(
    'of a %s app, with proof',
    async (mode) => {
      const { stopped } = stage.simulator.dify;
      const { stream, taskId } = await ask(mode, 'tokens=2000 rate=100 stop_ms=200');
      await stream.untilType('content');
      const reply = await cancel(taskId);
      await stream.untilClosed();

      expect([reply.status, reply.body.status]).toEqual([200, 'CANCELLED']);
      expect(reply.body.proof).toEqual({
        dify_stop: 'confirmed',
        provider_closed_ms: expect.any(Number),
        while: 'running',
      });
      expect(stage.simulator.dify).toMatchObject({ stopped: stopped + 1, activeRuns: 0 });
      expect(flaws(stream.events)).toEqual([]);
      const { content, terminal } = fold(stream.events);
      expect(terminal).toEqual({ type: 'cancelled', cancelled: true, proof: reply.body.proof });
      expect(content.length).toBeGreaterThan(0);
      expect(generatedText(2000).startsWith(content)).toBe(true);
      const { result } = await stage.api.task(taskId);
      expect(result?.value).toBe(content);
      expect(openSteps(result)).toEqual([]);
    },
  );

  it('before the app has named its run', async () => {
    const { stream, taskId } = await ask('workflow', 'tokens=2000 rate=100 stop_ms=100 headers_delay=800');
    await eventually('the app is asked', () =>
      stage.simulator.requests.some(({ path }) => path.endsWith('/workflows/run')),
    );
    await cancel(taskId);
    await stream.untilClosed();

    expect(fold(stream.events).terminal).toMatchObject({ type: 'cancelled', proof: { dify_stop: 'confirmed' } });
    expect(stage.simulator.dify.activeRuns).toBe(0);
  });

  it('that do not stop, or cannot be told to', async () => {
    const cases = await Promise.all([
      ask('workflow', 'tokens=2000 rate=100 case=stop-ignored'),
      ask('chat', 'tokens=2000 rate=100 case=stop-fails'),
      ask('workflow', 'tokens=2000 rate=100 case=stop-silent stop_ms=100'),
      ask('chat', 'tokens=2000 rate=100 case=stop-fails-once stop_ms=100'),
    ]);
    const ends = cases.map(async ({ stream, taskId }) => {
      await stream.untilType('content');
      await cancel(taskId);
      await stream.untilClosed();

      return fold(stream.events).terminal;
    });
    const stops = (await Promise.all(ends)).map((end) => (end?.type === 'cancelled' ? end.proof.dify_stop : end));
    // The run of the third one has no end on its stream: its state tells. The fourth is told twice.
    expect(stops).toEqual(['sent', 'failed', 'confirmed', 'confirmed']);
    expect(stage.simulator.counters.openStreams).toBe(0);
  });

  it('whose answer fails here on the way', async () => {
    const { stops } = stage.simulator.dify;
    const { stream, taskId } = await ask('workflow', 'tokens=2000 rate=100 case=huge-line');
    await stream.untilClosed();

    expect(fold(stream.events).terminal).toMatchObject({ type: 'error', code: 'provider_protocol' });
    expect(openSteps((await stage.api.task(taskId)).result)).toEqual([]);
    await eventually('the run is stopped, too', () => stage.simulator.dify.stops === stops + 1);
  });
});
