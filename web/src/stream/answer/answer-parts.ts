import type { AnswerPart, AnswerState } from './answer-state';

export function newPart(subtaskId: number): AnswerPart {
  return {
    subtaskId,
    model: null,
    shellType: null,
    content: '',
    reasoning: '',
    reasoningSince: null,
    reasoningMs: null,
    steps: [],
    sources: [],
    files: [],
  };
}

/** Returns the state with other parts, and what it sums up of them. */
export function withParts(state: AnswerState, parts: readonly AnswerPart[]): AnswerState {
  return {
    ...state,
    parts,
    steps: joined(state.steps, parts, (part) => part.steps),
    sources: joined(state.sources, parts, (part) => part.sources),
    files: joined(state.files, parts, (part) => part.files),
  };
}

/** Returns the state with the newest part changed; events may come before the `start` of the first one. */
export function withLastPart(state: AnswerState, change: (part: AnswerPart) => AnswerPart): AnswerState {
  const last = state.parts.at(-1) ?? newPart(state.streamId ?? 0);

  return withParts(state, [...state.parts.slice(0, -1), change(last)]);
}

/** Ends the time of reasoning that is under way. Events that came at once tell nothing about it. */
export function endReasoning(part: AnswerPart, at: number): AnswerPart {
  if (part.reasoningSince === null) return part;
  const ms = (part.reasoningMs ?? 0) + Math.max(0, at - part.reasoningSince);

  return { ...part, reasoningSince: null, reasoningMs: ms > 0 ? ms : null };
}

/** Adds an item, or replaces the one with its id. */
export function upsert<T>(items: readonly T[], item: T, idOf: (item: T) => string): T[] {
  const id = idOf(item);
  const place = items.findIndex((each) => idOf(each) === id);

  return place < 0 ? [...items, item] : items.with(place, item);
}

/** Returns the very list of before when nothing was added, so that what shows it is not drawn again. */
function joined<T>(before: readonly T[], parts: readonly AnswerPart[], itemsOf: (part: AnswerPart) => readonly T[]) {
  const [only] = parts;
  if (!only) return before.length === 0 ? before : [];
  if (parts.length === 1) return itemsOf(only);
  const all = parts.flatMap(itemsOf);

  return all.length === before.length && all.every((item, index) => item === before[index]) ? before : all;
}
