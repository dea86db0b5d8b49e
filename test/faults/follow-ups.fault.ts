import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { started } from '../support/api.js';
import { endAll, eventually } from '../support/child.js';
import { runnerOf } from '../support/streams/follower.js';
import { script, Stage } from '../support/stages/stage.js';

describe('workers are killed while prompts are queued', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAINTENANCE_INTERVAL_MS: '2000' }, 2);
  });

  beforeEach(async () => {
    await stage.revive();
    stage.simulator.reset();
    stage.simulator.holdAt(2);
  });

  afterAll(() => endAll(stage));

  /** A running answer with a prompt behind it. */
  async function queued() {
    const { taskId, subtaskId } = await started(await stage.api.ask(script('tokens=5 rate=1000', 'First')));
    await stage.api.post(`/tasks/${taskId}/follow-ups`, { prompt: script('tokens=3 rate=0', 'Second') });

    return { taskId, subtaskId };
  }

  /** Waits until both turns have completed. @returns the states of all subtasks */
  function untilBoth(taskId: number, server: number): Promise<string[]> {
    return eventually(
      'both turns have completed',
      async () => {
        const { status, subtasks, follow_ups } = await stage.server(server).api.task(taskId);

        return status === 'COMPLETED' && follow_ups === 0 && subtasks.map((subtask) => subtask.status);
      },
      60_000,
    );
  }

  const ALL = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED'];

  it('the one that answers: another one ends the answer, and begins the next', async () => {
    const { taskId, subtaskId } = await queued();
    const runner = await runnerOf(stage, subtaskId);
    await stage.server(runner).kill();
    stage.simulator.holdAt(Infinity);

    expect(await untilBoth(taskId, 1 - runner)).toEqual(ALL);
  });

  it('all of them at the end of the answer: the next one begins once', async () => {
    const { taskId, subtaskId } = await queued();
    const reader = await stage.server(1 - (await runnerOf(stage, subtaskId))).api.attach(taskId);
    stage.simulator.holdAt(Infinity);
    await reader.untilType('done');
    await Promise.all(stage.servers.map((server) => server.kill()));
    await stage.revive();

    expect(await untilBoth(taskId, 0)).toEqual(ALL);
  });
});
