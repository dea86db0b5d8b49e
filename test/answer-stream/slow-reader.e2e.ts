import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { endAll, nth } from '../support/child.js';
import { started } from '../support/api.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold, typesOf } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

// Below the 4096 tokens that Claude models are asked for.
const TOKENS = 4_000;
const SIZE = 1_000;

describe.each(STAGES)('a reader that stops reading, %s', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await sharedStage(kind);
  });

  afterAll(() => endAll(stage));

  it('gets the whole answer of some MB nevertheless; others do not wait for it', async () => {
    const whole = generatedText(TOKENS, SIZE);
    const body = { prompt: script(`tokens=${TOKENS} size=${SIZE} rate=0 delay=500`) };
    const slow = await stage.api.open('/direct-chat/stream', { method: 'POST', body, pauseAfter: 50_000 });
    const { taskId, subtaskId } = await started(slow);
    const last = nth(stage.servers, -1).api;
    const alsoSlow = await last.open(`/direct-chat/${taskId}/stream`, { pauseAfter: 50_000 });
    const fast = await Promise.all(stage.servers.map(({ api }) => api.attach(taskId)));
    // Those that read get everything while the others do not read.
    await Promise.all(fast.map((stream) => stream.untilClosed()));
    await sleep(2000);
    for (const stream of [slow, alsoSlow]) {
      expect(stream.bytes).toBeLessThan(500_000);
      stream.resume();
    }
    await Promise.all([slow, alsoSlow].map((stream) => stream.untilClosed()));

    for (const stream of [slow, alsoSlow, ...fast]) {
      expect(flaws(stream.events)).toEqual([]);
      // The same events for all, however they read.
      expect(typesOf(stream.events)).not.toContain('resync');
      expect(fold(stream.events).content === whole).toBe(true);
    }
    expect((await stage.api.answer(taskId, subtaskId)).result?.value === whole).toBe(true);
    const late = await (await last.attach(taskId)).untilClosed();
    expect(flaws(late.events)).toEqual([]);
    expect(fold(late.events).content === whole).toBe(true);
  });

  it('does not hold up the answer by never reading on', async () => {
    const body = { prompt: script(`tokens=${TOKENS} size=${SIZE} rate=0`) };
    const dead = await stage.api.open('/direct-chat/stream', { method: 'POST', body, pauseAfter: 50_000 });
    const { taskId } = await started(dead);
    const reader = await (await nth(stage.servers, -1).api.attach(taskId)).untilClosed();

    expect(fold(reader.events).content === generatedText(TOKENS, SIZE)).toBe(true);
    expect((await stage.api.task(taskId)).status).toBe('COMPLETED');
    dead.close();
  });
});
