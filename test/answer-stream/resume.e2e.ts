import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keys } from '../../src/infra/redis/keys.js';
import { generatedText } from '../../tools/simulator/simulator.js';
import type { Api, ErrorBody, Turn } from '../support/api.js';
import { started, startOf } from '../support/api.js';
import { endAll, nth } from '../support/child.js';
import { sharedStage } from '../support/stages/shared-stage.js';
import { flaws, fold } from '../support/streams/sse.js';
import { script, type Stage, STAGES } from '../support/stages/stage.js';

describe.each(STAGES)('resuming an answer, %s', (kind) => {
  let stage: Stage;
  let api: Api;
  let ended: Turn;
  /** Replicas that must all behave alike. */
  let replicas: Api[];

  beforeAll(async () => {
    stage = await sharedStage(kind);
    api = stage.api;
    replicas = stage.servers.map((server) => server.api);
    ended = await api.turn(script('tokens=15 rate=100'));
  });

  afterAll(() => endAll(stage));

  it('replays an ended answer from every event on, on every replica', async () => {
    const { events } = ended.stream;
    for (const replica of replicas) {
      for (const [index, { id, seq }] of events.slice(0, -1).entries()) {
        const rest = await (await replica.attach(ended.taskId, id)).untilClosed();
        expect(flaws(rest.events, seq)).toEqual([]);
        expect(rest.events.map((event) => [event.id, event.data])).toEqual(
          events.slice(index + 1).map((event) => [event.id, event.data]),
        );
      }
    }
  });

  it('replays a running answer from every event on, and goes on live, on every replica', async () => {
    stage.simulator.holdAt(0);
    const stream = await api.ask(script('tokens=25 rate=100'));
    const { taskId } = await started(stream);
    const resumed = [];
    for (let tokens = 0; tokens < 25; tokens += 1) {
      stage.simulator.holdAt(tokens);
      await stream.untilText(generatedText(tokens).length);
      const event = nth(stream.events, -1);
      for (const replica of replicas) resumed.push({ event, stream: await replica.attach(taskId, event.id) });
    }
    stage.simulator.holdAt(Infinity);
    await stream.untilClosed();

    for (const { event, stream: rest } of resumed) {
      await rest.untilClosed();
      expect(flaws(rest.events, event.seq)).toEqual([]);
      const before = stream.events.filter(({ seq }) => seq <= event.seq);
      expect(fold([...before, ...rest.events])).toEqual(fold(stream.events));
    }
    expect(fold(stream.events).content).toBe(generatedText(25));
  });

  it.each([[undefined], [''], ['nonsense'], ['-5'], ['999999-3'], ['1.5-2'], ['99999999999999999999-1'], ['%00']])(
    'starts from the beginning for Last-Event-ID %s',
    async (id) => {
      for (const replica of replicas) {
        const stream = await (await replica.attach(ended.taskId, id)).untilClosed();
        expect(flaws(stream.events)).toEqual([]);
        expect(fold(stream.events)).toEqual(fold(ended.stream.events));
      }
    },
  );

  it('names the task in the head of the reply, before the first event', async () => {
    const stream = await api.ask(script('tokens=1 rate=0'));
    const named = Number(stream.headers['x-task-id']);
    await stream.untilClosed();

    expect(startOf(stream).taskId).toBe(named);
    const next = await api.ask({ task_id: named, prompt: script('tokens=1 rate=0') });
    expect(next.headers['x-task-id']).toBe(String(named));
    await next.untilClosed();
  });

  it('takes the id from the query, for clients that cannot set the header', async () => {
    const { id } = nth(ended.stream.events, 2);
    const stream = await (await api.attach(ended.taskId, undefined, `?last_event_id=${id}`)).untilClosed();

    expect(stream.events[0]?.seq).toBe(4);
    expect(flaws(stream.events, 3)).toEqual([]);
  });

  if (kind === 'distributed')
    it('tells an answer whose end was lost by a process that was killed between database and log', async () => {
      const turn = await api.turn(script('tokens=7 rate=0'));
      const { id: lastId, seq } = nth(turn.stream.events, -1);
      await stage.redis.use(async (client) => {
        const log = keys.stream(turn.subtaskId);
        const [newest] = await client.xrevrange(log, '+', '-', 'COUNT', 1);
        const first = Number(newest?.[1][1]);
        await client.xdel(log, newest?.[0] ?? '');
        await client.hset(keys.streamMeta(turn.subtaskId), 'last', first - 1);
        await client.hdel(keys.streamMeta(turn.subtaskId), 'term');
      });
      for (const replica of replicas) {
        for (const from of [undefined, nth(turn.stream.events, 0).id]) {
          const told = await (await replica.attach(turn.taskId, from)).untilClosed();
          expect(fold(told.events)).toMatchObject({ content: turn.content, terminal: { type: 'done' } });
          expect(nth(told.events, -1).seq).toBe(seq);
        }
        expect((await replica.attach(turn.taskId, lastId)).status).toBe(204);
      }
    });

  it('answers 204 when everything was received', async () => {
    for (const replica of replicas) {
      const stream = await (await replica.attach(ended.taskId, ended.stream.lastId)).untilClosed();
      expect([stream.status, stream.text]).toEqual([204, '']);
    }
  });

  it('does not take an id of the future for one that was sent', async () => {
    for (const replica of replicas) {
      const stream = await (await replica.attach(ended.taskId, `${ended.subtaskId}-9999`)).untilClosed();
      expect(flaws(stream.events)).toEqual([]);
      expect(fold(stream.events)).toEqual(fold(ended.stream.events));
    }
  });

  it('attaches to the newest answer, or to the named one', async () => {
    const second = await api.turn({ task_id: ended.taskId, prompt: script('tokens=3 rate=0') });
    try {
      const newest = await (await api.attach(ended.taskId)).untilClosed();
      const named = await (await api.attach(ended.taskId, undefined, `?subtask_id=${ended.subtaskId}`)).untilClosed();

      expect(fold(newest.events).content).toBe(second.content);
      expect(fold(named.events)).toEqual(fold(ended.stream.events));
      const foreign = await api.get<ErrorBody>(`/direct-chat/${ended.taskId}/stream?subtask_id=987654`);
      expect([foreign.status, foreign.body.code]).toEqual([404, 'not_found']);
    } finally {
      ended = await api.turn(script('tokens=15 rate=100'));
    }
  });

  it('says stream_not_found for a task whose answer was never started', async () => {
    const { body } = await api.post<{ id: number }>('/tasks/create', { prompt: 'later', team_name: 'demo-team' });
    const reply = await api.get<ErrorBody>(`/direct-chat/${body.id}/stream`);

    expect([reply.status, reply.body.code]).toEqual([404, 'stream_not_found']);
  });

  it('says not_found for a task that does not exist', async () => {
    const reply = await api.get<ErrorBody>('/direct-chat/987654/stream');

    expect([reply.status, reply.body.code]).toEqual([404, 'not_found']);
  });

  it('shows all readers the same events', async () => {
    const stream = await api.ask(script('tokens=40 rate=80'));
    const { taskId } = await started(stream);
    const others = await Promise.all([...replicas, ...replicas].map((replica) => replica.attach(taskId)));
    await Promise.all([stream, ...others].map((reader) => reader.untilClosed()));
    const shown = (events: typeof stream.events) => events.map(({ id, data }) => [id, data]);

    expect(flaws(stream.events)).toEqual([]);
    for (const other of others) expect(shown(other.events)).toEqual(shown(stream.events));
  });
});
