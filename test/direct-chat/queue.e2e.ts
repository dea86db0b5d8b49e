import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generatedText } from '../../tools/simulator/simulator.js';
import { type ErrorBody, started } from '../support/api.js';
import { endAll, eventually, nth } from '../support/child.js';
import { flaws, fold, type SseStream, typesOf } from '../support/streams/sse.js';
import { script, Stage } from '../support/stages/stage.js';

/** Places in the queue that a reader was told, in order. */
const places = ({ events }: SseStream): number[] =>
  events.flatMap(({ data }) => (data.type === 'queued' ? [data.position] : []));

describe('the waiting room of two servers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAX_CONCURRENT_DIRECT_CHATS: '1', MAX_QUEUED_DIRECT_CHATS: '3' }, 2);
  });

  afterAll(() => endAll(stage));

  it('tells each its place, again when others have finished, and runs them in order', async () => {
    const first = await stage.api.ask(script('tokens=3000 rate=50', 'First'));
    const { taskId } = await started(first);
    const second = await stage.server(1).api.ask(script('tokens=40 rate=40', 'Second'));
    await second.untilType('queued');
    const third = await stage.api.ask(script('tokens=10 rate=0', 'Third'));
    await third.untilType('queued');
    const fourth = await stage.server(1).api.ask(script('tokens=10 rate=0', 'Fourth'));
    await fourth.untilType('queued');
    expect(stage.simulator.counters.requests).toBe(1);
    expect([places(second), places(third), places(fourth)]).toEqual([[1], [2], [3]]);
    await stage.api.cancel(taskId);
    await Promise.all([second, third, fourth].map((stream) => stream.untilClosed()));

    for (const stream of [second, third, fourth]) {
      expect(flaws(stream.events)).toEqual([]);
      expect(fold(stream.events).terminal?.type).toBe('done');
      expect(places(stream)).toEqual([...places(stream)].sort((a, b) => b - a));
      expect(typesOf(stream.events).indexOf('start')).toBeGreaterThan(typesOf(stream.events).lastIndexOf('queued'));
    }
    expect(places(third)).toEqual([2, 1]);
    expect(places(fourth).slice(0, 2)).toEqual([3, 2]);
    const asked = stage.simulator.requests.map(
      ({ body }) => /First|Second|Third|Fourth/.exec(JSON.stringify(body))?.[0],
    );
    expect(asked).toEqual(['First', 'Second', 'Third', 'Fourth']);
  });

  it('lets those who wait leave, without a call of the provider', async () => {
    const { api } = stage;
    const first = await api.ask(script('tokens=3000 rate=50'));
    const running = await started(first);
    const second = await api.ask(script('tokens=5 rate=0', 'Leaves'));
    await second.untilType('queued');
    const { body } = await api.get<{ items: { id: number }[] }>('/tasks?limit=1');
    const waiting = nth(body.items, 0).id;
    const third = await api.ask(script('tokens=5 rate=0', 'Stays'));
    await third.untilType('queued');
    const reply = await api.cancel<{ status: string; proof: object }>(waiting);
    await second.untilClosed();

    expect([reply.status, reply.body.status, reply.body.proof]).toEqual([200, 'CANCELLED', { while: 'queued' }]);
    expect(fold(second.events)).toEqual({
      content: '',
      reasoning: '',
      terminal: { type: 'cancelled', cancelled: true, proof: { while: 'queued' } },
    });
    expect(flaws(second.events)).toEqual([]);
    expect((await api.task(waiting)).status).toBe('CANCELLED');
    await third.until(({ data }) => data.type === 'queued' && data.position === 1);
    await api.cancel(running.taskId);
    await third.untilClosed();
    expect(fold(third.events).content).toBe(generatedText(5));
    expect(stage.simulator.requests.filter(({ body: asked }) => JSON.stringify(asked).includes('Leaves'))).toEqual([]);
  });

  it('refuses when it is full, and lets known requests in nevertheless', async () => {
    const { api } = stage;
    const first = await api.ask(script('tokens=3000 rate=50'), { 'idempotency-key': 'first' });
    const running = await started(first);
    const waiting = await Promise.all([1, 2, 3].map(() => api.ask(script('tokens=5 rate=0'))));
    await Promise.all(waiting.map((stream) => stream.untilType('queued')));
    const before = (await api.get<{ total: number }>('/tasks')).body.total;
    const refused = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x' });

    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_chats']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await api.get<{ total: number }>('/tasks')).body.total).toBe(before);
    const known = await api.ask(script('tokens=3000 rate=50'), { 'idempotency-key': 'first' });
    expect(known.status).toBe(200);
    expect(await started(known)).toEqual(running);
    await api.cancel(running.taskId);
    await Promise.all([first, ...waiting, known].map((stream) => stream.untilClosed()));
    expect((await api.turn(script('tokens=5 rate=0'))).content).toBe(generatedText(5));
  });
});

describe('the limits of running answers', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.start('distributed', { MAX_CONCURRENT_DIRECT_CHATS: '3', MAX_RUNNING_TASKS_PER_USER: '16' }, 2);
  });

  afterAll(() => endAll(stage));

  it('never runs more at a time than allowed, on all servers together', async () => {
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, stage.simulator.counters.openStreams)), 5);
    const turns = Array.from({ length: 16 }, (_, index) =>
      stage.server(index % 2).api.turn(script('tokens=10 rate=40')),
    );
    const done = await Promise.all(turns);
    clearInterval(watch);

    for (const { content } of done) expect(content).toBe(generatedText(10));
    expect(most).toBe(3);
  });
  it('limits the answers that one user may have running', async () => {
    const { api } = stage;
    const streams = await Promise.all(Array.from({ length: 16 }, () => api.ask(script('tokens=3000 rate=50'))));
    const refused = await api.post<ErrorBody>('/direct-chat/stream', { prompt: 'x' });

    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_running_tasks']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const { items } = (await api.get<{ items: { id: number }[] }>(`/tasks?limit=${streams.length}`)).body;
    await Promise.all(items.map(({ id }) => api.cancel(id)));
    await Promise.all(streams.map((stream) => stream.untilClosed()));
    await eventually(
      'there is room again',
      async () => (await (await api.ask(script('tokens=1 rate=0'))).untilClosed()).status === 200,
    );
  });
});
