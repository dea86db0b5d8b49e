/** Streams of Dify for specs. */
import type { ProviderEvent, Step } from '../../common/contracts/chat-event.js';
import type { DifyMode, DifyRun } from '../../common/contracts/dify.js';
import { EventBatch } from '../../infra/provider-stream/event-batch.js';
import { SseReader } from '../../infra/provider-stream/body/sse-reader.js';
import { DifyEvents, type Shown } from './dify.events.js';

/** What every event of a chat app has. */
export const IDS = { task_id: 't1', message_id: 'm1', conversation_id: 'c1', created_at: 1 };
/** As the end of a message tells it. */
export const USAGE = {
  prompt_tokens: 5,
  completion_tokens: 2,
  total_tokens: 7,
  total_price: '0.0001',
  currency: 'USD',
};

/** An event of a chat app. */
export const chat = (event: string, more: object = {}) => ({ event, ...IDS, ...more });
/** An event of a workflow. */
export const flow = (event: string, data: object = {}) => ({ event, ...IDS, workflow_run_id: 'r1', data });
/** A piece of text of a chat app. */
export const text = (answer: string) => chat('message', { id: 'm1', answer });
/** A piece of text of a workflow. */
export const chunk = (piece: string) => flow('text_chunk', { text: piece });
/** The end of a message. */
export const messageEnd = (metadata: object = { usage: USAGE }) =>
  chat('message_end', { id: 'm1', metadata, files: [] });
/** The end of a run. */
export const flowEnd = (status = 'succeeded', more: object = {}) =>
  flow('workflow_finished', { id: 'r1', status, ...more });

/** What the events of one stream come to. */
export function read(
  mode: DifyMode,
  events: readonly object[],
  { run = {}, shown, conversationId = '' }: { run?: Partial<DifyRun>; shown?: Shown; conversationId?: string } = {},
) {
  const batch = new EventBatch();
  const known: DifyRun = { mode, botId: 1, ...run };
  const saved: DifyRun[] = [];
  let endings = 0;
  const mapper = new DifyEvents({
    baseUrl: 'https://dify.test/v1',
    source: { host: 'dify.test', secrets: ['app-secret-1'] },
    run: known,
    conversationId,
    onRun: () => saved.push({ ...known }),
    onEnding: () => (endings += 1),
  });
  if (shown) mapper.rejoin(shown);
  const sse = new SseReader((event) => mapper.push(event, batch));
  let error: unknown;
  try {
    for (const event of events) sse.feed(Buffer.from(`data: ${JSON.stringify(event)}\n\nevent: ping\n\n`));
    sse.end();
    mapper.end(batch);
  } catch (thrown) {
    error = thrown;
  }

  return { events: batch.drain(), mapper, saved, endings, error, run: known };
}

/** The text that events make. */
export const contentOf = (events: readonly ProviderEvent[]) =>
  events.reduce(
    (all, event) => (event.type === 'content' ? all + event.content : event.type === 'replace' ? event.content : all),
    '',
  );
/** The steps that events tell of. */
export const stepsOf = (events: readonly ProviderEvent[]): Step[] =>
  events.flatMap((event) => {
    if (event.type !== 'step') return [];
    const { type: _type, ...step } = event;

    return [step];
  });
/** Why an answer ended, if it did. */
export const finishOf = (events: readonly ProviderEvent[]) =>
  events.flatMap((event) => (event.type === 'finish' ? [event.finish_reason] : []));
