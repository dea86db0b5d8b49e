import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../../tools/executor-emulator/journal.js';
import { BEHAVIOURS } from '../../tools/executor-emulator/script.js';
import { endAll, eventually, nth } from '../support/child.js';
import { ExecutorStage, stateOf, type Style } from '../support/stages/executor-stage.js';

const STYLES: Style[] = ['conch', 'wegent'];
const CANCELS = ['cancel-acks', 'cancel-refuses', 'cancel-hangs', 'cancel-ignored'] as const;

const answersTo = (exchanges: readonly Exchange[], note: string) =>
  exchanges
    .filter((exchange) => exchange.note === note)
    .map(({ status, reply }) => ({ http: status, ...(reply as object) }));

describe('executors', () => {
  let executors: ExecutorStage;
  let solo: string;
  let pipeline: string;

  beforeAll(async () => {
    executors = await ExecutorStage.start('distributed');
    solo = await executors.team('solo', ['lone'], 'solo');
    pipeline = await executors.team('line', ['planner', 'coder', 'tester']);
  });

  afterAll(() => endAll(executors));

  const emulator = () => executors.emulators.conch;
  const handedOut = (subtaskId: number) =>
    emulator()
      .about(subtaskId)
      .filter(({ kind: what }) => what === 'dispatch');
  const reply = async (subtaskId: number, note: string) => {
    await eventually(`${note} is answered`, () => answersTo(emulator().about(subtaskId), note).length > 0);

    return nth(answersTo(emulator().about(subtaskId), note), 0);
  };

  it.each(STYLES)('complete a pipeline of three steps, each with the text of the one before (%s)', async (style) => {
    const id = await executors.ask(pipeline, 'Ship it [exec ms=5 steps=2]', style);
    const task = await executors.ended(id);
    const answers = await executors.answers(id);

    expect([task.status, task.progress, answers.map(({ status }) => status)]).toEqual([
      ...['COMPLETED', 100],
      ['COMPLETED', 'COMPLETED', 'COMPLETED'],
    ]);
    const texts = answers.map(({ result }) => result?.value ?? '');
    expect(texts[0]).toBe('planner: Ship it');
    expect(texts[1]).toMatch(/^coder: Ship it .*planner: Ship it$/);
    expect(texts[2]).toMatch(/^tester: Ship it .*coder: Ship it .*planner: Ship it$/);
    expect(task.result?.value).toBe(texts[2]);
    expect(task.error_message).toBeNull();
  });

  it('end the later steps with the one that fails', async () => {
    const id = await executors.ask(pipeline, 'Try [exec ms=5 steps=1] [exec bot=coder behaviour=fails text=no%20disk]');
    const task = await executors.ended(id);
    const answers = await executors.answers(id);

    expect([task.status, task.error_message]).toEqual(['FAILED', 'no disk']);
    expect(answers.map(({ status }) => status)).toEqual(['COMPLETED', 'FAILED', 'CANCELLED']);
    await sleep(100);
    expect(emulator().about(nth(answers, 2).id)).toEqual([]);
  });

  it('keep a subtask by heartbeats, for longer than a lease', async () => {
    const id = await executors.ask(solo, '[exec behaviour=slow ms=4500 beat=500 steps=0 text=late]');
    const task = await executors.ended(id);
    const [answer] = await executors.answers(id);

    expect([task.status, task.result?.value]).toEqual(['COMPLETED', 'late']);
    expect(handedOut(answer?.id ?? 0)).toHaveLength(1);
  });

  it('are replaced after a crash', async () => {
    const id = await executors.ask(solo, '[exec behaviour=crashing after=2 ms=5 steps=3 text=recovered]');
    const task = await executors.ended(id);
    const answer = nth(await executors.answers(id), 0);

    expect([task.status, task.result?.value, answer.progress]).toEqual(['COMPLETED', 'recovered', 100]);
    expect(handedOut(answer.id)).toHaveLength(2);
  });

  it('that always crash are given up', async () => {
    const id = await executors.ask(pipeline, '[exec bot=planner behaviour=crashing times=9 ms=5]');
    const task = await executors.ended(id);
    const answers = await executors.answers(id);

    expect(task.status).toBe('FAILED');
    expect(answers.map(({ status }) => status)).toEqual(['FAILED', 'CANCELLED', 'CANCELLED']);
    expect(handedOut(nth(answers, 0).id)).toHaveLength(2);
  });

  it('cannot be replayed', async () => {
    const id = await executors.ask(solo, '[exec behaviour=replaying ms=5 steps=2 text=genuine]');
    const task = await executors.ended(id);
    await executors.quiet(id);
    const answer = nth(await executors.answers(id), 0);
    const attacks = emulator()
      .about(answer.id)
      .filter(({ kind: what }) => what === 'attack');
    const outcomes = (note: string) => [...new Set(answersTo(attacks, note).map(({ http }) => http))];

    expect([task.status, task.result?.value]).toEqual(['COMPLETED', 'genuine']);
    expect(attacks).toHaveLength(4 * 4 + 1);
    for (const note of ['again', 'first-again', 'changed-body', 'old-timestamp', 'moved-timestamp']) {
      expect(outcomes(note)).toEqual([401]);
    }
  });

  it.each(STYLES)('cannot lie a task out of its state (%s)', async (style) => {
    const id = await executors.ask(solo, '[exec behaviour=lying ms=5 steps=2 bytes=100000 text=the%20truth]', style);
    await executors.ended(id);
    await executors.quiet(id);
    const task = await executors.stage.api.task(id);
    const answers = await executors.answers(id);

    expect(stateOf(task, answers)).toEqual({
      task: ['COMPLETED', 100, 'the truth'],
      answers: [['COMPLETED', 100, 'the truth']],
    });
    expect(task.error_message).toBeNull();
  });

  it('are told which of their lies are none of their business', async () => {
    const id = await executors.ask(solo, '[exec behaviour=lying ms=5 steps=1 bytes=100000]');
    await executors.ended(id);
    await executors.quiet(id);
    const { id: subtaskId } = nth(await executors.answers(id), 0);
    const codes = [
      'unknown status',
      'progress out of range',
      'huge result',
      'second end',
      'late cancel',
      'late success',
    ];
    const told = new Map<string, object>();
    for (const note of codes) told.set(note, await reply(subtaskId, note));

    expect(told.get('unknown status')).toMatchObject({ http: 422, code: 'validation_failed' });
    expect(told.get('progress out of range')).toMatchObject({ http: 422, code: 'validation_failed' });
    expect(told.get('huge result')).toMatchObject({ http: 413, code: 'payload_too_large' });
    for (const note of ['second end', 'late cancel', 'late success']) {
      expect(told.get(note)).toMatchObject({ ignored: 'terminal', status: 'COMPLETED' });
    }
    const unknown = emulator().exchanges.find(({ note, taskId }) => note === 'unknown subtask' && taskId === id);
    expect([unknown?.status, unknown?.reply]).toEqual([404, expect.objectContaining({ code: 'not_found' })]);
  });

  it.each(CANCELS)('are cancelled for good: %s', async (behaviour) => {
    const id = await executors.ask(pipeline, `[exec behaviour=${behaviour} ms=100 beat=500 steps=60]`);
    await executors.running(id);
    expect((await executors.cancel(id)).status).toBe(200);
    const task = await executors.ended(id);

    expect(task.status).toBe('CANCELLED');
    expect(emulator().counters.cancels).toBeGreaterThan(0);
    await executors.quiet(id);
    expect((await executors.answers(id)).map(({ status }) => status)).toEqual(Array<string>(3).fill('CANCELLED'));
    expect((await executors.stage.api.task(id)).status).toBe('CANCELLED');
  });

  it('of a deleted task are deleted', async () => {
    const id = await executors.ask(solo, '[exec behaviour=cancel-acks ms=100]');
    const { executor_name: name } = await executors.running(id);
    expect(emulator().manager.executors.has(name)).toBe(true);
    expect((await executors.stage.api.call('DELETE', `/tasks/${id}`)).status).toBe(200);

    await eventually(`${name} is deleted`, () => !emulator().manager.executors.has(name));
    expect((await executors.stage.api.get(`/tasks/${id}`)).status).toBe(404);
  });

  it('leave no task without an end, whatever they do', async () => {
    const step = fc.record({
      behaviour: fc.constantFrom(...BEHAVIOURS),
      steps: fc.integer({ min: 0, max: 4 }),
      after: fc.integer({ min: 0, max: 4 }),
      times: fc.integer({ min: 1, max: 3 }),
    });
    const scenario = fc.record({
      steps: fc.tuple(step, step, step),
      style: fc.constantFrom(...STYLES),
      /** Milliseconds until somebody cancels it. */
      cancelAfter: fc.option(fc.integer({ min: 0, max: 1500 })),
    });
    const play = async ({ steps, style, cancelAfter }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) => {
      const directives = steps.map(({ behaviour, steps: count, after, times }, index) => {
        const bot = ['planner', 'coder', 'tester'][index];

        return `[exec bot=${bot} behaviour=${behaviour} steps=${count} after=${after} times=${times} ms=20 beat=10 start=50 delay=50 bytes=70000]`;
      });
      const id = await executors.ask(pipeline, `Go ${directives.join(' ')}`, style);
      if (cancelAfter !== null) {
        await sleep(cancelAfter);
        await executors.cancel(id);
      }
      const ended = await executors.ended(id);
      const before = stateOf(ended, await executors.answers(id));
      await executors.quiet(id);
      const after = stateOf(await executors.stage.api.task(id), await executors.answers(id));

      expect(after).toEqual(before);
      expect(after.answers.map(([status]) => status)).not.toContain('RUNNING');
      expect(after.answers.map(([status]) => status)).not.toContain('PENDING');
    };
    const property = fc.asyncProperty(fc.array(scenario, { minLength: 8, maxLength: 8 }), async (scenarios) => {
      await Promise.all(scenarios.map(play));
    });

    await fc.assert(property, { numRuns: 2, endOnFailure: true });
  });
});
