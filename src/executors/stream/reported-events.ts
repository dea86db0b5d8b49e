/** Reads the events that an executor sends about its answer. Pure. */
import { fileOf, questionsOf, sourcesOf, stepOf, usageOf } from '../../answer-stream/answer-parts.js';
import type { FieldProblem } from '../../common/app-error.js';
import type { ChatEvent } from '../../common/contracts/chat-event.js';
import type { JsonObject } from '../../common/text/json.js';

/** Types of the events that executors may send. */
export const REPORTED_EVENTS = [
  ...(['content', 'reasoning', 'replace', 'step'] as const),
  ...(['file', 'sources', 'usage', 'suggestions'] as const),
] as const;
type ReportedType = (typeof REPORTED_EVENTS)[number];

const READERS: Readonly<Record<ReportedType, (event: JsonObject) => ChatEvent | undefined>> = {
  content: ({ content }) => (typeof content === 'string' ? { type: 'content', content } : undefined),
  reasoning: ({ content }) => (typeof content === 'string' ? { type: 'reasoning', content } : undefined),
  replace: ({ content }) => (typeof content === 'string' ? { type: 'replace', content } : undefined),
  step: (event) => withType('step', stepOf(event)),
  file: (event) => {
    const file = fileOf(event['file']);

    return file && { type: 'file', file };
  },
  sources: ({ sources }) => (Array.isArray(sources) ? { type: 'sources', sources: sourcesOf(sources) } : undefined),
  usage: (event) => withType('usage', usageOf(event)),
  suggestions: ({ questions }) =>
    Array.isArray(questions) ? { type: 'suggestions', questions: questionsOf(questions) } : undefined,
};

/** Returns the events, or what is wrong with them. Long texts of steps and sources are cut. */
export function reportedEvents(given: readonly JsonObject[]): { events: ChatEvent[]; problems: FieldProblem[] } {
  const events: ChatEvent[] = [];
  const problems: FieldProblem[] = [];
  for (const [index, event] of given.entries()) {
    const { type } = event;
    const read = isReported(type) ? READERS[type](event) : undefined;
    if (read) events.push(read);
    else problems.push({ field: `events.${index}`, message: problemOf(type) });
  }

  return { events, problems };
}

function isReported(type: unknown): type is ReportedType {
  return (REPORTED_EVENTS as readonly unknown[]).includes(type);
}

function problemOf(type: unknown): string {
  return isReported(type)
    ? `is no complete event of the type ${type}`
    : `must have a type of these: ${REPORTED_EVENTS.join(', ')}`;
}

function withType<Type extends string, T extends object>(
  type: Type,
  part: T | undefined,
): ({ type: Type } & T) | undefined {
  return part && { type, ...part };
}
