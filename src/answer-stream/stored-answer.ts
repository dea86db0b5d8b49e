/** Between stored answers and what streams show of them. Pure. */
import type { ChatEvent, Usage } from '../common/contracts/chat-event.js';
import type { SubtaskResult } from '../infra/database/schema/schema.js';
import { extrasOf } from './log/answer-extras.js';
import type { Snapshot } from './log/stream-text.js';

/** Returns an answer as its subtask stores it, without open forms. */
export function resultOf(
  { content, reasoning, extras = {} }: Pick<Snapshot, 'content' | 'reasoning' | 'extras'>,
  usage?: Usage,
): SubtaskResult {
  const { forms: _forms, ...kept } = extrasOf(extras);

  return { value: content, ...(reasoning !== '' && { reasoning }), ...(usage && { usage }), ...kept };
}

/** Returns the answer of a stored result. */
export function answerOf(result: SubtaskResult | null): Pick<Snapshot, 'content' | 'reasoning' | 'extras'> {
  const { value = '', reasoning = '', ...rest } = result ?? {};

  return { content: value, reasoning, extras: extrasOf(rest) };
}

/** Returns the events that add up to a stored answer. */
export function eventsOfAnswer(result: SubtaskResult | null): ChatEvent[] {
  const { content, reasoning, extras = {} } = answerOf(result);
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
