/** What holds for every answer, whatever a case is about. */
import { storageProblems } from '../../src/common/text/storable.js';
import { flaws } from '../support/streams/sse.js';
import type { Actual } from './run.js';

const STATUS: Readonly<Record<string, string>> = { done: 'COMPLETED', error: 'FAILED', cancelled: 'CANCELLED' };

/** @returns what is wrong with an answer: its events, their characters, or what is stored of it */
export function flawsOf(actual: Actual): string[] {
  if (actual.terminal === 'rejected') return [];
  const halves = actual.events.flatMap(({ id, data }) =>
    storageProblems(data).map(({ message }) => `${id} ${message}`),
  );

  return [...flaws(actual.events), ...halves, ...storedFlaws(actual)];
}

function storedFlaws({ terminal, text, reasoning, error, events, stored }: Actual): string[] {
  if (!stored) return ['nothing is stored'];
  const { task, answer } = stored;
  const usage = events.findLast(({ data }) => data.type === 'usage')?.data;
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['status', STATUS[terminal], answer.status],
    ['status of the task', answer.status, task.status],
    ['text', text, answer.result?.value ?? ''],
    ['reasoning', reasoning, answer.result?.reasoning ?? ''],
    ...(usage?.type === 'usage' ? [['usage', usage.total_tokens, totalOf(answer.result?.usage)] as const] : []),
    ...(terminal === 'error' ? [['error', error, answer.error_message] as const] : []),
  ];

  return pairs
    .filter(([, streamed, kept]) => streamed !== kept)
    .map(
      ([what, streamed, kept]) => `stored ${what}: expected ${JSON.stringify(streamed)}, got ${JSON.stringify(kept)}`,
    );
}

function totalOf(usage: object | undefined): unknown {
  return usage && 'total_tokens' in usage ? usage.total_tokens : undefined;
}
