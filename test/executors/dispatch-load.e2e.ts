import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endAll } from '../support/child.js';
import { addExecutorTeam, ExecutorApi, INTERNAL_TOKEN } from '../support/executors/executors.js';
import { Stage } from '../support/stages/stage.js';

const TASKS = 100_000;
const USERS = 100;

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Actual Rows': number;
  Plans?: Plan[];
}

describe('dispatch of many pending subtasks, distributed', () => {
  let stage: Stage;
  let executors: ExecutorApi[];

  beforeAll(async () => {
    stage = await Stage.start('distributed', { INTERNAL_API_TOKEN: INTERNAL_TOKEN }, 2);
    executors = stage.servers.map(({ api }) => new ExecutorApi(api));
    const { teamId, botIds } = await addExecutorTeam(stage.api, 'solo', [{ name: 'solo-bot' }], 'solo');
    const query = (text: string, values: unknown[] = []) => stage.postgres.query(text, values);
    await query(`insert into users (id, user_name) select 1000 + n, 'user ' || n from generate_series(1, ${USERS}) n`);
    await query('update teams set user_id = null where id = $1', [teamId]);
    await query('update bots set user_id = null');
    await query(
      `insert into tasks (id, user_id, team_id, title, prompt)
       select 10000 + n, 1001 + n % ${USERS}, $1, 'title ' || n, 'question ' || n from generate_series(1, ${TASKS}) n`,
      [teamId],
    );
    await query(
      `insert into subtasks (task_id, user_id, team_id, role, message_id, title, prompt, status, progress)
       select id, user_id, team_id, 'USER', 1, title, prompt, 'COMPLETED', 100 from tasks where id > 10000`,
    );
    await query(
      `insert into subtasks (task_id, user_id, team_id, role, message_id, parent_id, title, bot_ids, lane, fair_rank)
       select id, user_id, team_id, 'ASSISTANT', 2, 1, title, $1::jsonb, 'online', (id - 10001) / ${USERS}
       from tasks where id > 10000`,
      [JSON.stringify(botIds)],
    );
    await query('analyze');
  });

  afterAll(() => endAll(stage));

  it('reads the index of offers and sorts nothing', async () => {
    const [row] = await stage.postgres.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      `explain (analyze, format json) select s.id from subtasks s join tasks t on t.id = s.task_id
       where s.status = 'PENDING' and s.fair_rank is not null and t.status in ('PENDING', 'RUNNING') and s.lane = 'online'
       order by s.fair_rank, s.id limit 1 for no key update skip locked`,
    );
    const nodes = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodes)];
    const all = row ? nodes(row['QUERY PLAN'][0].Plan) : [];

    expect(all.map((plan) => plan['Index Name'])).toContain('subtasks_offered');
    expect(all.map((plan) => plan['Node Type'])).not.toContain('Sort');
    expect(Math.max(...all.map((plan) => plan['Actual Rows']))).toBeLessThan(10);
  });

  it('hands no subtask out twice to 50 at once, oldest first and fair between users', async () => {
    const taken = (
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const executor = executors[index % executors.length];
          const mine = [];
          for (let call = 0; call < 10; call += 1) mine.push(...((await executor?.dispatch('?limit=2')) ?? []));

          return mine;
        }),
      )
    ).flat();
    const perUser = new Map<unknown, number>();
    for (const { user } of taken) perUser.set(user['name'], (perUser.get(user['name']) ?? 0) + 1);

    expect(taken).toHaveLength(1000);
    expect(new Set(taken.map((task) => task.subtask_id)).size).toBe(1000);
    expect([perUser.size, new Set(perUser.values())]).toEqual([USERS, new Set([10])]);
    const [row] = await stage.postgres.query<object>(
      `select count(*)::int as running, min(offers) as least, max(offers) as most, count(lease_expires_at)::int as leased
       from subtasks where status = 'RUNNING'`,
    );
    expect(row).toEqual({ running: 1000, least: 1, most: 1, leased: 1000 });
  });
});
