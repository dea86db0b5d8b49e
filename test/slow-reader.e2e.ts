import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../tools/simulator/simulator.js';
import { started } from './support/api.js';
import { flaws, fold } from './support/sse.js';
import { script, Stage, STAGES } from './support/stage.js';

jest.setTimeout(120_000);

// Below the 4096 tokens that Claude models are asked for.
const TOKENS = 4_000;
const SIZE = 1_500;

describe.each(STAGES)('a reader that stops reading, %s', (kind) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start(kind, {}, kind === 'embedded' ? 1 : 2);
  });

  afterAll(() => stage.stop());

  it('gets the whole answer of some MB nevertheless; others do not wait for it', async () => {
    const whole = generatedText(TOKENS, SIZE);
    const slow = await stage.api.ask(script(`tokens=${TOKENS} size=${SIZE} rate=0`));
    const { taskId, subtaskId } = await started(slow);
    const fast = await Promise.all(stage.servers.map(({ api }) => api.attach(taskId)));
    const alsoSlow = await stage.servers.at(-1)!.api.attach(taskId);
    await Promise.all([slow, alsoSlow].map((stream) => stream.until(() => stream.bytes > 50_000)));
    for (const stream of [slow, alsoSlow]) stream.pause();
    const pausedAt = Date.now();
    await sleep(2000);
    const held = [slow.bytes, alsoSlow.bytes];
    for (const stream of [slow, alsoSlow]) stream.resume();
    await Promise.all([slow, alsoSlow, ...fast].map((stream) => stream.untilClosed()));

    expect(Math.max(...held)).toBeLessThan(whole.length);
    for (const stream of [slow, alsoSlow, ...fast]) {
      expect(flaws(stream.events)).toEqual([]);
      expect(fold(stream.events).content === whole).toBe(true);
    }
    // Those that read get it while the others do not.
    const progress = fast.map(({ events }) => events.filter(({ at }) => at > pausedAt && at < pausedAt + 2000).length);
    for (const [index, count] of progress.entries()) expect(count + Number(fast[index]!.events.at(-1)!.at < pausedAt)).toBeGreaterThan(0);
    expect((await stage.api.answer(taskId, subtaskId)).result?.value === whole).toBe(true);
    const late = await (await stage.servers.at(-1)!.api.attach(taskId)).untilClosed();
    expect(flaws(late.events)).toEqual([]);
    expect(fold(late.events).content === whole).toBe(true);
  });

  it('does not hold up the answer by never reading on', async () => {
    const dead = await stage.api.ask(script(`tokens=${TOKENS} size=${SIZE} rate=0`));
    const { taskId } = await started(dead);
    dead.pause();
    const reader = await (await stage.servers.at(-1)!.api.attach(taskId)).untilClosed();

    expect(fold(reader.events).content === generatedText(TOKENS, SIZE)).toBe(true);
    expect((await stage.api.task(taskId)).status).toBe('COMPLETED');
    dead.close();
  });
});
