/** Between stored answers and what streams show of them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { ChatEvent, Usage } from '../common/contracts/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema/schema.js';
import { fileOf, listOf, questionsOf, sourcesOf, stepOf, thoughtsOf } from './answer-parts.js';
import { type AnswerExtras, extrasOf, MAX_STEPS } from './log/answer-extras.js';
import { resyncOf, type Snapshot } from './log/stream-text.js';

const MAX_FILES = 200;

/** Returns an answer as its subtask stores it, without open forms. */
export function resultOf(
  { content, reasoning, extras = {} }: Pick<Snapshot, 'content' | 'reasoning' | 'extras'>,
  usage?: Usage,
): SubtaskResult {
  const { forms: _forms, ...kept } = extrasOf(extras);

  return { value: content, ...(reasoning !== '' && { reasoning }), ...(usage && { usage }), ...kept };
}

/** An answer with all its parts. */
export type WholeAnswer = Pick<Snapshot, 'content' | 'reasoning' | 'extras'>;

/** What is stored of an answer; `lane` is null unless an executor gives it. */
export interface StoredAnswer {
  status: string;
  lane: string | null;
  result: SubtaskResult | null;
}

/** Returns the answer of a stored result: of executors, who report what they like, the parts that can be shown. */
export function answerOf({ lane, status, result }: StoredAnswer): WholeAnswer {
  return lane === null ? ownAnswer(result) : reportedAnswer(result, status === 'RUNNING' || status === 'PENDING');
}

function ownAnswer(result: SubtaskResult | null): WholeAnswer {
  const { value = '', reasoning = '', ...rest } = result ?? {};

  return { content: value, reasoning, extras: extrasOf(rest) };
}

function reportedAnswer(result: SubtaskResult | null, isRunning: boolean): WholeAnswer {
  const { value = '', reasoning, steps, thinking, files, sources, suggestions }: Partial<SubtaskResult> = result ?? {};
  const shown = {
    steps: Array.isArray(steps) ? listOf(steps.slice(-MAX_STEPS), stepOf, MAX_STEPS) : thoughtsOf(thinking, isRunning),
    files: listOf(files, fileOf, MAX_FILES),
    sources: sourcesOf(sources),
    suggestions: questionsOf(suggestions),
  };
  const extras = Object.fromEntries(Object.entries(shown).filter(([, parts]) => parts.length > 0));

  return { content: value, reasoning: typeof reasoning === 'string' ? reasoning : '', extras };
}

/** Returns the events that add up to an answer. */
export function eventsOfAnswer({ content, reasoning, extras = {} }: WholeAnswer): ChatEvent[] {
  const { steps = [], sources, files = [], suggestions } = extras;

  return [
    ...(reasoning === '' ? [] : [{ type: 'reasoning' as const, content: reasoning }]),
    ...steps.map((step) => ({ type: 'step' as const, ...step })),
    ...(content === '' ? [] : [{ type: 'content' as const, content }]),
    ...files.map((file) => ({ type: 'file' as const, file })),
    ...(sources ? [{ type: 'sources' as const, sources }] : []),
    ...(suggestions ? [{ type: 'suggestions' as const, questions: suggestions }] : []),
  ];
}

/**
 * Returns the events that make a stored answer of one that is shown; none when they are equal.
 * @param streamId the first subtask of the turn
 */
export function difference(streamId: number, subtaskId: number, shown: WholeAnswer, stored: WholeAnswer): ChatEvent[] {
  // Reasoning can only be appended.
  if (!stored.reasoning.startsWith(shown.reasoning)) return [resyncOf(streamId, { ...stored, subtaskId })];
  const { content, reasoning, extras = {} } = stored;
  const isLonger = content.startsWith(shown.content);
  const rest = isLonger ? content.slice(shown.content.length) : '';

  return [
    ...eventsOfAnswer({
      content: rest,
      reasoning: reasoning.slice(shown.reasoning.length),
      extras: newIn(extras, shown.extras ?? {}),
    }),
    ...(isLonger ? [] : [{ type: 'replace' as const, content }]),
  ];
}

/** Returns the parts that are not shown as they are stored. */
function newIn(stored: AnswerExtras, shown: AnswerExtras): AnswerExtras {
  const changed = <T>(items: readonly T[] = [], known: readonly T[] = [], idOf: (item: T) => string) => {
    const byId = new Map(known.map((item) => [idOf(item), item]));

    // The database has its own order of fields.
    return items.filter((item) => !isDeepStrictEqual(byId.get(idOf(item)), item));
  };
  const isNew = (part: 'sources' | 'suggestions') => !isDeepStrictEqual(stored[part], shown[part]);

  return {
    steps: changed(stored.steps, shown.steps, (step) => step.step_id),
    files: changed(stored.files, shown.files, (file) => file.id),
    ...(stored.sources && isNew('sources') && { sources: stored.sources }),
    ...(stored.suggestions && isNew('suggestions') && { suggestions: stored.suggestions }),
  };
}
