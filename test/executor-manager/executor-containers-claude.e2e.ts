import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll, eventually } from '../support/child.js';
import { ContainerStage } from '../support/stages/container-stage.js';
import { flaws, fold, type SseStream } from '../support/streams/sse.js';
import { script } from '../support/stages/stage.js';

/** The real program: see scripts/lib/claude-code.mjs. */
const CLAUDE_CODE = process.env['CLAUDE_CODE'];

/** All parts as users have them: server, manager, executor, container and Claude Code; the model is the simulator. */
describe('Claude Code in a container', () => {
  let stage: ContainerStage;
  let team: string;

  beforeAll(async () => {
    if (!CLAUDE_CODE)
      throw new Error('CLAUDE_CODE is not set: run the test by "npm test -- executor-containers-claude"');
    stage = await ContainerStage.startWithClaudeCode(CLAUDE_CODE);
    team = await stage.team('coders');
  });
  afterAll(() => endAll(stage));

  async function ask(prompt: string, taskId?: number): Promise<{ stream: SseStream; taskId: number }> {
    const body = { prompt, ...(taskId === undefined ? { team_name: team } : { task_id: taskId }) };
    const stream = await stage.server.api.ask(body);
    if (!stream.isStream) throw new Error(`HTTP ${stream.status}: ${(await stream.untilClosed()).text}`);
    const { data } = await stream.untilType('start', 120_000);
    if (data.type !== 'start') throw new Error(`there came ${data.type}`);

    return { stream, taskId: data.task_id };
  }

  /** The last event of a stream, and what its events add up to. */
  async function end(stream: SseStream) {
    const { events } = await stream.untilClosed(240_000);
    expect(flaws(events)).toEqual([]);

    return { last: events.at(-1)?.data, ...fold(events) };
  }

  const step = (stream: SseStream, status: string, timeoutMs = 120_000) =>
    stream.until(({ data }) => data.type === 'step' && data.status === status, timeoutMs);

  it('runs a tool in the workspace, live in the one stream, and knows the conversation in the next turn', async () => {
    const command = 'echo "echo it runs" > made.sh; sh made.sh';
    const { stream, taskId } = await ask(
      script(`run=${encodeURIComponent(command)} say=Working. text=All%20done reasoning=2 rate=0`, 'Make a program'),
    );
    const first = await end(stream);

    expect(first).toMatchObject({
      content: 'Working.\n\nAll done',
      last: { type: 'done', finish_reason: 'stop', usage: { output_tokens: expect.any(Number) } },
    });
    expect((await step(stream, 'succeeded')).data).toMatchObject({ kind: 'tool', detail: { result: 'it runs' } });
    const again = await ask(script('run=cat%20made.sh text=Once%20more rate=0', 'And show it'), taskId);
    await end(again.stream);
    expect((await step(again.stream, 'succeeded')).data).toMatchObject({ detail: { result: 'echo it runs' } });
    const asked = stage.simulator.requests.filter(({ method }) => method === 'POST').at(-1);
    expect(JSON.stringify(asked?.body)).toContain('All done');
    const answers = await stage.answers(taskId);
    expect(answers.map(({ status, result }) => [status, result?.value])).toEqual([
      ['COMPLETED', 'Working.\n\nAll done'],
      ['COMPLETED', 'Once more'],
    ]);
  });

  it('is stopped in the middle of a tool, with proof', async () => {
    const { stream, taskId } = await ask(script(`run=${encodeURIComponent('tail -f /dev/null')} text=never rate=0`));
    await step(stream, 'running');
    await stage.server.api.post(`/direct-chat/${taskId}/cancel`);
    const { last } = await end(stream);

    expect(last).toMatchObject({ type: 'cancelled', proof: { executor_acked: true, while: 'running' } });
    const container = stage.docker.client.getContainer((await stage.container(taskId))?.Id ?? '');
    const { Processes } = (await container.top()) as { Processes: string[][] };
    expect(Processes.flat().join(' ')).not.toContain('tail -f');
  });

  it('answers in another container when the first one is lost', async () => {
    const waits = 'test -e ready || { touch ready; tail -f /dev/null; }';
    const { stream, taskId } = await ask(script(`run=${encodeURIComponent(waits)} text=All%20the%20same rate=0`));
    await step(stream, 'running');
    await eventually('the tool runs', async () => (await stage.container(taskId)) !== undefined);
    const lost = (await stage.container(taskId))?.Id ?? '';
    await stage.docker.client.getContainer(lost).remove({ force: true });
    const { last, content } = await end(stream);

    expect([last?.type, content]).toEqual(['done', 'All the same']);
    expect((await stage.container(taskId))?.Id).not.toBe(lost);
  });

  it('shows no secret to the engine, in logs or in the processes of the machine', async () => {
    const inspections = await Promise.all(
      (await stage.docker.containers()).map(({ Id }) => stage.docker.client.getContainer(Id).inspect()),
    );
    expect(inspections.length).toBeGreaterThan(0);
    expect(JSON.stringify(inspections) + stage.server.logs).not.toContain(stage.secret);
  });
});
