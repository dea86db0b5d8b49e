import fc from 'fast-check';
import type { Schemas } from '../../api/client';
import { type ChatEvent, type ReceivedEvent, NO_ANSWER } from './answer-state';
import { reduceAnswer } from './answer-reducer';

export const STREAM_ID = 11;

type EventOf<Type extends ChatEvent['type']> = Extract<ChatEvent, { type: Type }>;
type Step = Omit<EventOf<'step'>, 'type'>;

/** What the server knows of one part: what a `resync` would send. */
interface Snapshot {
  subtaskId: number;
  content: string;
  reasoning: string;
  steps: Step[];
  sources: EventOf<'sources'>['sources'];
  files: EventOf<'file'>['file'][];
  suggestions: string[];
  forms: EventOf<'input_required'>['form'][];
}

const text = fc.string({ maxLength: 8, unit: 'grapheme' });
const stepId = fc.constantFrom('a', 'b', 'c');

const within: fc.Arbitrary<ChatEvent> = fc.oneof(
  { weight: 6, arbitrary: text.map((content): ChatEvent => ({ type: 'content', content })) },
  { weight: 3, arbitrary: text.map((content): ChatEvent => ({ type: 'reasoning', content })) },
  text.map((content): ChatEvent => ({ type: 'replace', content })),
  fc
    .record({ step_id: stepId, status: fc.constantFrom('running', 'succeeded', 'paused', 'failed') })
    .map((step): ChatEvent => ({ type: 'step', kind: 'node', title: step.step_id, ...step })),
  text.map((title): ChatEvent => ({ type: 'sources', sources: [{ title }] })),
  stepId.map((id): ChatEvent => ({ type: 'file', file: { id, kind: 'image', url: `https://x/${id}` } })),
  text.map((question): ChatEvent => ({ type: 'suggestions', questions: [question] })),
  stepId.map((id): ChatEvent => ({
    type: 'input_required',
    form: {
      form_token: `t${id}`,
      title: id,
      content: '',
      inputs: [],
      actions: [],
      expires_at: null,
      step_id: id,
    },
  })),
);

const start = (subtaskId: number): ChatEvent => ({
  type: 'start',
  task_id: 5,
  subtask_id: subtaskId,
  attempt: 1,
  shell_type: 'Chat',
  model: 'm',
});

/** One attempt at a turn of one to three steps. */
const attempt = fc
  .array(fc.array(within, { maxLength: 12 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.flatMap((events, index) => [start(STREAM_ID + index), ...events]));

/** Attempts that were lost, each ended by a reset, and the last one with its end. */
const wholeLog = fc
  .record({
    queued: fc.array(fc.nat({ max: 5 }), { maxLength: 3 }),
    lost: fc.array(attempt, { maxLength: 2 }),
    last: attempt,
    end: fc.constantFrom('done', 'error', 'cancelled'),
  })
  .map(({ queued, lost, last, end }) => {
    const before: ChatEvent[] = queued.map((position) => ({ type: 'queued', position: position + 1 }));
    const resets = lost.flatMap((events, index): ChatEvent[] => [
      ...events,
      { type: 'reset', attempt: index + 2, reason: 'worker_lost' },
    ]);
    const events = [...before, ...resets, ...last];

    return [...events, endOf(end, snapshotOf(events)?.content.length ?? 0)];
  });

/** A recorded log of one answer. */
export const recordedLog: fc.Arbitrary<ReceivedEvent[]> = wholeLog.map((events) =>
  events.map((event, index) => ({ id: `${STREAM_ID}-${index + 1}`, at: 1_000, event })),
);

function endOf(type: 'done' | 'error' | 'cancelled', length: number): ChatEvent {
  if (type === 'error') return { type, error: 'overloaded', code: 'provider_overloaded', retryable: true };
  if (type === 'cancelled') return { type, cancelled: true, proof: { provider_closed_ms: 12, while: 'running' } };

  return {
    type,
    done: true,
    length,
    sha256: '',
    finish_reason: 'stop',
    elapsed_ms: 9,
    first_token_ms: 3,
    usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  };
}

export const foldLog = (events: readonly ReceivedEvent[], from = NO_ANSWER) => events.reduce(reduceAnswer, from);

/** Folds events as the server does; null before the first `start`. */
export function snapshotOf(events: readonly ChatEvent[]): Snapshot | null {
  return events.reduce<Snapshot | null>((snapshot, event) => {
    if (event.type === 'start') return emptySnapshot(event.subtask_id);
    if (event.type === 'reset' || !snapshot) return null;

    return snapshotAfter(snapshot, event);
  }, null);
}

const emptySnapshot = (subtaskId: number): Snapshot => ({
  subtaskId,
  content: '',
  reasoning: '',
  steps: [],
  sources: [],
  files: [],
  suggestions: [],
  forms: [],
});

function snapshotAfter(snapshot: Snapshot, event: ChatEvent): Snapshot {
  switch (event.type) {
    case 'content':
      return { ...snapshot, content: snapshot.content + event.content };
    case 'reasoning':
      return { ...snapshot, reasoning: snapshot.reasoning + event.content };
    case 'replace':
      return { ...snapshot, content: event.content };
    case 'sources':
      return { ...snapshot, sources: event.sources };
    case 'file':
      return { ...snapshot, files: replaced(snapshot.files, event.file, 'id') };
    case 'suggestions':
      return { ...snapshot, suggestions: event.questions };
    case 'input_required':
      return { ...snapshot, forms: replaced(snapshot.forms, event.form, 'form_token') };
    case 'step': {
      const { type: _type, ...step } = event;
      const forms = snapshot.forms.filter((form) => step.status === 'paused' || form.step_id !== step.step_id);

      return { ...snapshot, steps: replaced(snapshot.steps, step, 'step_id'), forms };
    }
    default:
      return snapshot;
  }
}

function replaced<T>(items: T[], item: T, key: keyof T): T[] {
  const isKnown = items.some((each) => each[key] === item[key]);

  return isKnown ? items.map((each) => (each[key] === item[key] ? item : each)) : [...items, item];
}

/** The event that a server sends in place of all those up to `id`. */
export function resyncFor(id: string, { subtaskId, ...snapshot }: Snapshot): ReceivedEvent {
  const named = subtaskId === STREAM_ID ? {} : { subtask_id: subtaskId };

  return { id, at: 2_000, event: { type: 'resync', ...snapshot, ...named } };
}

/** The rows of the parts that have completed when the log has come to its end. */
export function rowsOf(events: readonly ChatEvent[]): Schemas['SubtaskDto'][] {
  const lastReset = events.findLastIndex(({ type }) => type === 'reset');
  const attempt = events.slice(lastReset + 1);
  const starts = attempt.flatMap((event, index) => (event.type === 'start' ? [index] : []));

  return starts.map((from, index) => {
    const snapshot = snapshotOf(attempt.slice(from, starts[index + 1])) ?? emptySnapshot(0);
    const { subtaskId, content, forms: _forms, ...kept } = snapshot;

    return rowOf(subtaskId, { ...kept, value: content });
  });
}

export const rowOf = (
  id: number,
  result: Schemas['SubtaskDto']['result'],
  status = 'COMPLETED',
): Schemas['SubtaskDto'] => ({
  id,
  role: 'ASSISTANT',
  result,
  status,
  task_id: 5,
  team_id: 1,
  title: '',
  bot_ids: [],
  prompt: '',
  executor_namespace: '',
  executor_name: '',
  message_id: 2,
  parent_id: 1,
  progress: 100,
  error_message: null,
  user_id: 1,
  created_at: '',
  updated_at: '',
  completed_at: null,
});
