import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody, TaskBody } from '../support/api.js';
import { endAll, nth } from '../support/child.js';
import type { Conch } from '../support/conch.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';
import { type ReceivedTaskEvent, rowOf, shown, TaskEventStream, withTitle } from '../support/streams/task-events.js';

const kindsOf = (events: readonly ReceivedTaskEvent[]) => events.map(({ data }) => `${data.type} ${rowOf(data).id}`);

describe.each(STAGES)('live events of tasks, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  /** Another replica than the one that changes things, where there is one. */
  let far: Conch;
  let opened: TaskEventStream[] = [];

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    far = nth(stage.servers, -1);
  });

  beforeEach(() => {
    for (const stream of opened) stream.close();
    opened = [];
  });

  afterAll(() => endAll(stage));

  async function open(server: Conch, taskId: number | null, lastEventId?: string): Promise<TaskEventStream> {
    const stream = await TaskEventStream.open(server, taskId, lastEventId);
    opened.push(stream);

    return stream;
  }

  async function create(prompt = script('tokens=5 rate=100'), title?: string): Promise<TaskBody> {
    const { body } = await api.post<TaskBody>('/tasks/create', { team_name: 'demo-team', prompt, title });

    return api.task(body.id);
  }

  const rename = (taskId: number, title: string) => api.call('PUT', `/tasks/${taskId}`, { title });

  /** A task that no event is under way of any more: its creation is told within a moment, not before the reply. */
  async function createTold(): Promise<TaskBody> {
    const task = await create();
    const stream = await open(far, task.id);
    await stream.untilSnapshot();
    await rename(task.id, 'Told');
    await stream.until(withTitle('Told'));

    return task;
  }

  const answer = async (taskId: number) =>
    (await api.open(`/direct-chat/${taskId}/stream`, { method: 'POST', body: {} })).untilClosed();

  it('a task: first a snapshot, whose last event has the id, then every change up to its end', async () => {
    const task = await create();
    const stream = await open(far, task.id);
    const last = await stream.untilSnapshot();
    const subtasks = task.subtasks.map(({ id }) => `subtask ${id}`);
    expect(kindsOf(stream.events)).toEqual([`task ${task.id}`, ...subtasks]);
    expect(last).toBe(nth(stream.events, -1));
    await answer(task.id);
    await stream.untilTask(task.id, 'COMPLETED');

    const answerId = nth(task.subtasks, -1).id;
    expect(stream.statuses('task', task.id)[0]).toBe('PENDING');
    await stream.until(
      ({ data }) => data.type === 'subtask' && data.subtask.status === 'COMPLETED' && data.subtask.id === answerId,
    );
    const {
      subtasks: rows,
      user: _user,
      team: _team,
      usage: _usage,
      ...row
    } = (await api.task(task.id)) as TaskBody & Record<'user' | 'team' | 'usage', unknown>;
    expect(shown(stream.events)).toEqual({
      [`task ${task.id}`]: row,
      ...Object.fromEntries(
        rows.map(({ version: _version, bots: _bots, ...subtask }) => [`subtask ${subtask.id}`, subtask]),
      ),
    });
    expect(rows.at(-1)?.result?.value).toBe(generatedText(5));
  });

  it('all tasks: new ones, their changes, their deletion; one task ends with its own', async () => {
    const before = await create();
    const all = await open(far, null);
    await all.untilSnapshot();
    expect(kindsOf(all.events)).toContain(`task ${before.id}`);
    const task = await create();
    await all.untilTask(task.id, 'PENDING');
    await answer(task.id);
    await all.untilTask(task.id, 'COMPLETED');
    const one = await open(far, task.id);
    await one.untilSnapshot();
    expect((await api.call('DELETE', `/tasks/${task.id}`)).status).toBe(200);
    await all.untilTask(task.id, 'DELETE');
    await one.untilClosed();

    expect(nth(one.events, -1).data).toMatchObject({ type: 'task', task: { id: task.id, status: 'DELETE' } });
    const gone = await open(far, task.id, nth(one.events, -1).id);
    await gone.untilClosed();
    expect([gone.status, gone.json().code]).toEqual([404, 'not_found']);
  });

  it('goes on after every event that was sent, on every replica, without a gap and without a snapshot', async () => {
    const bystander = await createTold();
    const first = await open(stage.server(0), null);
    await first.untilSnapshot();
    const tasks = await Promise.all(Array.from({ length: 4 }, () => create()));
    await Promise.all(tasks.map(({ id }) => answer(id)));
    // One after the other: changes that come together are one event.
    for (const { id } of tasks) {
      await rename(id, `Renamed ${id}`);
      await first.until(withTitle(`Renamed ${id}`));
    }
    const marker = nth(tasks, -1).id;
    const seen = [...first.events];
    const places = [...seen.entries()].filter(([, { id }]) => id !== '');
    expect(places.length).toBeGreaterThan(5);
    const resumed = [];
    for (const server of stage.servers) {
      for (const [index, { id }] of places) resumed.push({ index, stream: await open(server, null, id) });
    }
    await rename(marker, 'Marker');
    await Promise.all(
      [first, ...resumed.map(({ stream }) => stream)].map((stream) => stream.until(withTitle('Marker'))),
    );

    for (const { index, stream } of resumed) {
      expect(shown([...seen.slice(0, index + 1), ...stream.events])).toEqual(shown(first.events));
      expect(kindsOf(stream.events)).not.toContain(`task ${bystander.id}`);
    }
  });

  it('goes on after an event of one task, and takes the id from the query as well', async () => {
    const task = await createTold();
    const stream = await open(far, task.id);
    const { id } = await stream.untilSnapshot();
    await rename(task.id, 'Once');
    const byHeader = await open(stage.server(0), task.id, id);
    await byHeader.untilTask(task.id, 'PENDING');
    const byQuery = await TaskEventStream.open(far, task.id, undefined, { query: `last_event_id=${id}` });
    opened.push(byQuery);
    await byQuery.untilTask(task.id, 'PENDING');

    for (const { events } of [byHeader, byQuery]) {
      expect(kindsOf(events)).toEqual([`task ${task.id}`]);
      expect(events[0]?.data).toMatchObject({ task: { title: 'Once' } });
    }
  });

  it.each(['', 'nonsense', '1-1', 'u1-1-1', 't1-1764000000000-0', 'u1-999999999999999-0', '%00', 'u1-*-0'])(
    'begins with a snapshot after the id %j',
    async (id) => {
      const task = await create();
      const all = await open(far, null, id);
      await all.untilSnapshot();
      expect(kindsOf(all.events)).toContain(`task ${task.id}`);
      const one = await open(far, task.id, id);
      await one.untilSnapshot();
      // Its creation may be published again after the snapshot.
      expect(new Set(kindsOf(one.events)).size).toBe(3);
    },
  );

  it('does not take the id of another stream for a place in this one', async () => {
    const [task, other] = [await create(), await create()];
    const { id } = await (await open(far, other.id)).untilSnapshot();
    const one = await open(far, task.id, id);
    await one.untilSnapshot();
    expect(kindsOf(one.events).length).toBe(3);
    const all = await open(far, null, id);
    await all.untilSnapshot();
    expect(kindsOf(all.events)).toContain(`task ${task.id}`);
  });

  it.each(['987654', '0', 'x', '1.5'])('answers an ordinary error before the first event: task %s', async (id) => {
    const reply = await api.get<ErrorBody>(`/tasks/${id}/events`);
    expect([404, 422]).toContain(reply.status);
    expect(reply.headers['content-type']).toContain('application/json');
  });

  it('leaves out a result that is too big for an event', async () => {
    const task = await create(script('tokens=1000 size=100 rate=0'));
    const stream = await open(far, task.id);
    await stream.untilSnapshot();
    await answer(task.id);
    const { data } = await stream.untilTask(task.id, 'COMPLETED');

    expect(data).toMatchObject({ result_omitted: true, task: { result: null } });
    expect((await api.task(task.id)).result?.value).toBe(generatedText(1000, 100));
    const late = await open(far, task.id);
    await late.untilSnapshot();
    expect(late.events.map((event) => event.data.result_omitted ?? false)).toEqual([true, false, true]);
  });

  it('a reader that does not read is told the newest state afterwards, not every change', async () => {
    const long = 'x'.repeat(50_000);
    const tasks = await Promise.all(Array.from({ length: 20 }, () => create(long, 'Before')));
    const slow = await TaskEventStream.open(far, null, undefined, { pauseAfter: 20_000 });
    opened.push(slow);
    for (let round = 1; round <= 15; round += 1) {
      await Promise.all(tasks.map(({ id }) => rename(id, `Round ${round}`)));
    }
    const waiting = await open(far, null);
    await waiting.untilSnapshot();
    slow.resume();
    for (const { id } of tasks) {
      await slow.until(({ data }) => data.type === 'task' && data.task.id === id && data.task.title === 'Round 15');
    }
    const state = shown(slow.events);

    // Fewer than the changes: what it missed was told together.
    expect(slow.events.length).toBeLessThan(tasks.length * 15);

    expect(tasks.map(({ id }) => (state[`task ${id}`] as TaskBody).title)).toEqual(tasks.map(() => 'Round 15'));
  });
});
