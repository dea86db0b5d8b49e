/** Answers of megabytes: lists leave them out, single replies stay small enough, and answers have an end. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type Api, type SubtaskBody, type TaskBody } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { script, Stage } from '../support/stages/stage.js';

const MIB = 1024 * 1024;
const MANY = 24;
/** Megabytes of text that no database compresses well. */
const LARGE = `jsonb_build_object('value', (select string_agg(md5(random()::text), '') from generate_series(1, ${(4 * MIB) / 32})))`;

interface Page<Row> {
  total: number;
  items: (Row & { result_omitted?: true })[];
}

describe('many large answers', () => {
  let stage: Stage;
  let api: Api;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAX_RUNNING_TASKS_PER_USER: '100', MAX_ANSWER_BYTES: '2001' });
    api = stage.api;
  });

  afterAll(() => endAll(stage));

  /** The memory of the server, in bytes. */
  const memory = () => {
    const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${nth(stage.servers, 0).pid}/status`, 'utf8')) ?? [];

    return Number(kib) * 1024;
  };
  const enlarge = (taskIds: readonly number[]) =>
    stage.postgres.query(
      `update subtasks set result = ${LARGE} where role = 'ASSISTANT' and task_id = any('{${taskIds.join(',')}}'::int[])`,
    );

  it('are left out of lists, which cost little memory', async () => {
    const ids: number[] = [];
    for (let count = 0; count < MANY; count += 1)
      ids.unshift((await api.turn({ prompt: script('tokens=1 rate=0', 'é'.repeat(20_000)), title: 'Large' })).taskId);
    const { taskId: small } = await api.turn({ prompt: script('tokens=2 rate=0'), title: 'Large' });
    await enlarge(ids);
    const before = memory();
    for (const path of ['/tasks?limit=100', '/tasks/search?title=large&limit=100']) {
      const { status, text, body } = await api.get<Page<TaskBody>>(path);
      expect([status, body.total, text.length < MIB / 4]).toEqual([200, MANY + 1, true]);
      const [first, ...rest] = body.items;
      expect(first).toMatchObject({ id: small, result: { value: generatedText(2) } });
      expect(first).not.toHaveProperty('result_omitted');
      expect(rest.map(({ id, result, result_omitted: omitted }) => [id, result, omitted])).toEqual(
        ids.map((id) => [id, null, true]),
      );
      expect(rest[0]?.prompt).toHaveLength(1000);
    }
    expect((await api.get('/tasks/lite?limit=100')).text.length).toBeLessThan(MIB / 4);
    expect(memory() - before).toBeLessThan(64 * MIB);
    const whole = await api.task(nth(ids, 0));
    expect([whole.result?.value.length, whole.subtasks.at(-1)?.result?.value.length]).toEqual([4 * MIB, 4 * MIB]);
    expect(whole.prompt.length).toBeGreaterThan(20_000);
  });

  it('of one task are returned as far as a reply may go, and one by one', async () => {
    let { taskId } = await api.turn(script('tokens=1 rate=0'));
    for (let count = 1; count < MANY; count += 1)
      ({ taskId } = await api.turn({ task_id: taskId, prompt: script('tokens=1 rate=0') }));
    await enlarge([taskId]);
    const { text, body } = await api.get<Page<SubtaskBody>['items'][0] & { subtasks: Page<SubtaskBody>['items'] }>(
      `/tasks/${taskId}`,
    );
    expect(text.length).toBeLessThan(13 * MIB);
    const answers = body.subtasks.filter(({ role }) => role === 'ASSISTANT').reverse();
    expect(answers.map(({ result_omitted: omitted }) => omitted ?? false)).toEqual([
      false,
      ...Array.from({ length: MANY - 1 }, () => true),
    ]);
    expect(answers[0]?.result?.value).toHaveLength(4 * MIB);
    const oldest = await api.get<Page<SubtaskBody>>(`/tasks/${taskId}/subtasks?limit=2&page=${MANY}`);
    expect(oldest.body.items.at(-1)).toMatchObject({ id: answers.at(-1)?.id });
    expect(oldest.body.items.at(-1)?.result?.value).toHaveLength(4 * MIB);
    // The next turn is told what is recent only, and works.
    expect((await api.turn({ task_id: taskId, prompt: script('tokens=3 rate=0') })).content).toBe(generatedText(3));
  });

  it('end where they get too long, with their provider closed', async () => {
    const { taskId, content, terminal } = await api.turn(script('tokens=100000 rate=2000'));

    expect(terminal).toMatchObject({ type: 'done', finish_reason: 'length', length: 2001 });
    expect(content).toBe(generatedText(4000).slice(0, 2001));
    expect(await api.task(taskId)).toMatchObject({ status: 'COMPLETED', result: { value: content } });
    await eventually('the provider is closed', () =>
      Promise.resolve(stage.simulator.counters.openStreams === 0 || null),
    );
  });
});
