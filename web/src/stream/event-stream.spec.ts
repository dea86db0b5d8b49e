import { afterEach, describe, expect, it } from '@jest/globals';
import { ApiProblem } from '../api/api-problem';
import type { AnswerConnection } from './answer/answer-state';
import { EventStream, type EventStreamOptions } from './event-stream';
import type { WakeUp } from './wake-ups';

const frame = (id: string, data: string) => `id: ${id}\ndata: ${data}\n\n`;
const reply = (...frames: string[]) => new Response(frames.join(''));
/** A reply whose connection stays open. */
const openReply = (...frames: string[]) =>
  new Response(
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(frames.join(''))),
    }),
  );

type Reply = Response | ApiProblem;

/** A stream from replies that come one after the other; `wakeUp` is what the page does. */
function follow(replies: Reply[], isComplete = (_data: string[]) => false) {
  const asked: (string | null)[] = [];
  const data: string[] = [];
  const connections: AnswerConnection[] = [];
  let listener: (wakeUp: WakeUp) => void = () => undefined;
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const options: EventStreamOptions = {
    open: (lastEventId) => {
      asked.push(lastEventId);
      const next = replies.shift() ?? new Response(null, { status: 204 });

      return next instanceof ApiProblem ? Promise.reject(next) : Promise.resolve(next);
    },
    onMessage: (message) => data.push(message.data),
    onConnection: (connection) => {
      connections.push(connection);
      if (['ended', 'refused', 'idle'].includes(connection.status) && connections.length > 1) settle();
    },
    isComplete: () => isComplete(data),
    onWakeUp: (wake) => {
      listener = wake;

      return () => undefined;
    },
    isOnline: () => true,
  };
  const stream = new EventStream(options);
  streams.push(stream);
  const last = () => connections.at(-1);

  return { stream, asked, data, last, settled, wakeUp: (wakeUp: WakeUp) => listener(wakeUp) };
}

const streams: EventStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.close();
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('EventStream', () => {
  it('resumes after the last event when the connection is lost, until everything was received', async () => {
    const { stream, asked, data, last, settled } = follow([
      reply(': ok\n\n', frame('1-1', 'a'), frame('1-2', 'b')),
      reply(frame('1-3', 'c')),
    ]);
    stream.start();
    await settled;

    expect(asked).toEqual([null, '1-2', '1-3']);
    expect(data).toEqual(['a', 'b', 'c']);
    expect(last()).toMatchObject({ status: 'ended', resumes: 2 });
  });

  it('goes on with the reply that a question has opened', async () => {
    const { stream, asked, data, settled } = follow([]);
    stream.start(reply(frame('1-1', 'a')));
    await settled;

    expect([asked, data]).toEqual([['1-1'], ['a']]);
  });

  it('does not ask again after the end of an answer', async () => {
    const { stream, asked, last, settled } = follow([reply(frame('1-1', 'done'))], (data) => data.includes('done'));
    stream.start();
    await settled;

    expect([asked, last()?.status]).toEqual([[null], 'ended']);
  });

  it('forgets its position when an id is empty', async () => {
    const { stream, asked, settled } = follow([reply(frame('t-1', 'a'), frame('', 'b'))]);
    stream.start();
    await settled;

    expect(asked).toEqual([null, null]);
  });

  it('waits through what passes, and ends with a refusal that does not', async () => {
    const { stream, asked, last, settled } = follow([
      new ApiProblem(0, 'unreachable', 'away'),
      new ApiProblem(503, 'service_unavailable', 'stopping'),
      new ApiProblem(404, 'stream_not_found', 'no answer was started'),
    ]);
    stream.start();
    await settled;

    expect(asked).toHaveLength(3);
    expect(last()).toMatchObject({ status: 'refused', problem: { code: 'stream_not_found' } });
  });

  it('tries again at once when the page wakes up, however long it was to wait', async () => {
    const { stream, asked, last, settled, wakeUp } = follow([
      new ApiProblem(429, 'too_many_streams', 'close one', null, [], 3_600),
    ]);
    stream.start();
    await until(() => last()?.status === 'reconnecting');
    wakeUp('quick');
    await settled;

    expect(asked).toHaveLength(2);
  });

  it('leaves a connection that may be dead when the network is back', async () => {
    const { stream, asked, data, settled, wakeUp } = follow([openReply(frame('1-1', 'a'))]);
    stream.start();
    await until(() => data.length === 1);
    wakeUp('quick');
    wakeUp('stale');
    await settled;

    expect(asked).toEqual([null, '1-1']);
  });

  it('is silent once it is closed', async () => {
    const { stream, data, last, settled } = follow([openReply(frame('1-1', 'a'))]);
    stream.start();
    await until(() => data.length === 1);
    stream.close();
    await settled;

    expect(last()?.status).toBe('idle');
  });
});
