import type { JsonObject } from '../../common/text/json.js';
import { firstPart } from '../../common/text/text-cut.js';
import type { TurnDiff } from '../workspace/turn-diff.js';
import type { AnswerResult } from './answer.js';

/** UTF-16 units of the text that the smallest result keeps. */
const SMALLEST_TEXT = 16 * 1024;

/** What a result has besides the answer. */
export interface ResultExtras {
  session_id?: string;
  diff?: TurnDiff;
}

/** The result, and smaller ones for an API that does not take it: without details, then the text alone, then cut. */
export function resultSizes(answer: AnswerResult, extras: ResultExtras): JsonObject[] {
  const { diff, ...others } = extras;
  const slim = {
    ...{ ...answer, ...others },
    ...(answer.steps && { steps: answer.steps.map(({ detail: _detail, ...step }) => step) }),
    ...(diff && { diff: { ...diff, patch: '', is_cut: true } }),
  };
  const { value, usage } = answer;

  return [
    { ...answer, ...extras },
    slim,
    { value, ...(usage && { usage }), ...others },
    { value: `${firstPart(value, SMALLEST_TEXT)}\n\n… (the rest was too large to be stored)` },
  ];
}
