import type { AnswerState } from '../../../stream/answer/answer-state';

/** Tokens a second, from the first one to the end; null where too little is known. */
export function tokensPerSecond(state: Pick<AnswerState, 'usage' | 'elapsedMs' | 'firstTokenMs'>): number | null {
  const { usage, elapsedMs, firstTokenMs } = state;
  if (!usage || elapsedMs === null || firstTokenMs === null) return null;
  const ms = elapsedMs - firstTokenMs;

  return ms > 0 && usage.output_tokens > 0 ? (usage.output_tokens / ms) * 1000 : null;
}

/** The last line that has words, for the reasoning that is folded. */
export function lastLine(text: string): string {
  const end = text.trimEnd();

  return end.slice(end.lastIndexOf('\n') + 1).slice(-200);
}
