import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type ErrorBody, started } from '../support/api.js';
import { endAll } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, type Stage } from '../support/stages/stage.js';

const ROUNDS = 200;
const AT_A_TIME = 4;
const TOKENS = 8;
/** About what an answer takes, so that cancels come before, at and after its end. */
const LONGEST_MS = 130;
const WHOLE = generatedText(TOKENS);
const STATUS = { done: 'COMPLETED', error: 'FAILED', cancelled: 'CANCELLED' } as const;

describe('a cancel races with the end of the answer', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await sharedStage('distributed');
  });

  afterAll(() => endAll(stage));

  /** One answer, cancelled after `delay` ms. @returns how it ended */
  async function race(round: number): Promise<string> {
    // Spread evenly, and the same in every run.
    const delay = ((round * 0.618) % 1) * LONGEST_MS;
    const [asked, cancelling] = [stage.server(round % 2).api, stage.server((round >> 1) % 2).api];
    const stream = await asked.ask(script(`tokens=${TOKENS} rate=80`));
    const { taskId, subtaskId } = await started(stream);
    await sleep(delay);
    const [reply] = await Promise.all([
      cancelling.cancel<ErrorBody & { status: string }>(taskId),
      stream.untilClosed(),
    ]);
    const { content, terminal } = fold(stream.events);
    const answer = await asked.answer(taskId, subtaskId);
    const type = terminal?.type ?? 'done';

    expect(flaws(stream.events)).toEqual([]);
    expect([round, answer.status, answer.result?.value]).toEqual([round, STATUS[type], content]);
    expect((await cancelling.task(taskId)).status).toBe(STATUS[type]);
    if (type === 'done') expect([content, reply.status, reply.body.code]).toEqual([WHOLE, 400, 'task_final']);
    else expect([type, reply.status, reply.body.status]).toEqual(['cancelled', 200, 'CANCELLED']);
    expect(WHOLE.startsWith(content)).toBe(true);
    const again = await cancelling.attach(taskId);
    expect(fold((await again.untilClosed()).events)).toEqual({ content, terminal, reasoning: '' });

    return type;
  }

  it(`${ROUNDS} times: what the client saw is what the database says`, async () => {
    const ends: string[] = [];
    for (let round = 0; round < ROUNDS; round += AT_A_TIME) {
      ends.push(...(await Promise.all(Array.from({ length: AT_A_TIME }, (_, index) => race(round + index)))));
    }

    expect(new Set(ends)).toEqual(new Set(['done', 'cancelled']));
  });
});
