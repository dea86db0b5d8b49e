/** Reads why an answer ended, in the words of any vendor. */
import type { ErrorCode } from '../../../common/app-error.js';
import type { FinishReason } from '../../../common/contracts/chat-event.js';
import { asText } from '../../../common/text/json.js';

/** What a reason means: an end of the answer, or its failure. */
export type EndMark = { finish: FinishReason } | { failure: ErrorCode; words: string };

/** Reasons without case and punctuation. Those that are not here mean an ordinary end. */
const FINISHES: readonly (readonly [FinishReason, readonly string[]])[] = [
  // OpenAI, Claude, Gemini, Cohere, TGI, and Mistral's `model_length`.
  ['length', ['length', 'maxtokens', 'maxlength', 'maxoutputtokens', 'maxnewtokens', 'maxcompletiontokens']],
  ['length', ['modellength', 'tokenlimit', 'outputlimit', 'lengthlimit', 'truncated']],
  ['content_filter', ['contentfilter', 'contentfiltered', 'safety', 'sensitive', 'recitation', 'blocklist', 'blocked']],
  ['content_filter', ['prohibitedcontent', 'spii', 'imagesafety', 'imageprohibitedcontent', 'imagerecitation']],
  ['content_filter', ['guardrailintervened', 'guardrails', 'moderation', 'moderated', 'errortoxic', 'contentpolicy']],
  ['content_filter', ['policyviolation', 'contentpolicyviolation', 'risk', 'riskcontrol', 'censored']],
  ['tool_calls', ['toolcalls', 'toolcall', 'tooluse', 'functioncall', 'functioncalls']],
  ['refusal', ['refusal', 'refused']],
  ['paused', ['pauseturn', 'paused']],
  ['context_window', ['modelcontextwindowexceeded', 'contextwindowexceeded', 'contextlengthexceeded', 'errorlimit']],
];
const BY_WORD = new Map(FINISHES.flatMap(([finish, words]) => words.map((word) => [word, finish] as const)));
/** Values that stand for null. */
const NONE = new Set(['', 'null', 'none', 'nil', 'undefined', 'unspecified', 'inprogress', 'notfinished', 'continue']);
/** DeepSeek's word for too few machines, Zhipu's for a broken connection, vLLM's for an aborted request. */
const FAILURES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/insufficientsystemresource|overload|capacity/, 'provider_overloaded'],
  [/abort|cancel|interrupt|disconnect/, 'provider_truncated'],
  [/timeout|deadline/, 'provider_timeout'],
  [/error|fail|malformed|exception/, 'provider_unavailable'],
];

/** Returns what a reason says; null when it says that the answer goes on. */
export function endMarkOf(reason: unknown): EndMark | null {
  const text = asText(reason) ?? '';
  const word = text
    .toLowerCase()
    .replace(/[^a-z\d]/g, '')
    .replace(/^(?:finish|stop)reason/, '');
  if (NONE.has(word)) return null;
  const finish = BY_WORD.get(word);
  if (finish) return { finish };
  const failure = FAILURES.find(([pattern]) => pattern.test(word));

  return failure ? { failure: failure[1], words: text } : { finish: 'stop' };
}
