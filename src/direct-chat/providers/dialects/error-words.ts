/** What the names and words of vendors' errors mean. */
import type { ErrorCode } from '../../../common/app-error.js';

/** Names of errors, without case, punctuation and the endings `error` and `exception`; more telling than a status. */
const NAMES: readonly (readonly [ErrorCode, readonly string[]])[] = [
  [
    'provider_auth',
    ['authentication', 'permission', 'permissiondenied', 'unauthenticated', 'unauthorized', 'accessdenied'],
  ],
  ['provider_auth', ['invalidapikey', 'invalidkey', 'forbidden', 'unrecognizedclient']],
  ['provider_not_found', ['notfound', 'modelnotfound', 'deploymentnotfound', 'modelnotexist', 'resourcenotfound']],
  ['context_too_long', ['contextlengthexceeded', 'requesttoolarge', 'contextwindowexceeded', 'exceedcontextsize']],
  ['context_too_long', ['contextlength', 'stringabovemaxlength', 'modelmaxprompttokensexceeded', 'prompttoolong']],
  ['provider_rate_limited', ['ratelimit', 'ratelimitexceeded', 'insufficientquota', 'creditbalanceexhausted']],
  ['provider_rate_limited', ['toomanyrequests', 'resourceexhausted', 'throttling', 'throttlingratequota', 'arrearage']],
  ['provider_overloaded', ['overloaded', 'serverisoverloaded', 'slowdown', 'modelnotready', 'engineoverloaded']],
  ['provider_timeout', ['timeout', 'modeltimeout', 'deadlineexceeded', 'requesttimeout', 'apitimeout']],
  ['provider_unavailable', ['api', 'server', 'serviceunavailable', 'internalserver', 'unavailable', 'modelstream']],
  [
    'provider_bad_request',
    ['invalidrequest', 'billing', 'badrequest', 'invalidargument', 'invalidparameter', 'validation'],
  ],
  ['provider_bad_request', ['unprocessableentity', 'failedprecondition', 'datainspectionfailed', 'contentfilter']],
];
const BY_NAME = new Map(NAMES.flatMap(([code, names]) => names.map((name) => [name, code] as const)));
/** General names, which count last: OpenAI sends `invalid_request_error` for a wrong key, too. */
const GENERAL = new Set([
  'invalidrequest',
  'badrequest',
  'api',
  'server',
  'internalserver',
  'invalidargument',
  'validation',
]);
/** Waiting does not fill an account. */
const EXHAUSTED = /^(?:insufficientquota|creditbalanceexhausted|arrearage)$/;
const EXHAUSTED_WORDS =
  /insufficient (?:balance|quota|credit|funds)|(?:balance|credits?) (?:is )?(?:not enough|too low|insufficient|exhausted)|exceeded your current quota|in arrears|余额不足|欠费/i;

/** OpenAI, Claude, Gemini, llama.cpp, vLLM, SGLang, TGI, Mistral, xAI, Bedrock, Moonshot, DashScope, LM Studio … */
const CONTEXT_WORDS = [
  /prompt is too long|context[ _-]?(?:length|window|size)|maximum context|max_model_len|context limit|model's context/i,
  /reduce the length of (?:the|your|either)|context the overflows|exceed_context|too many (?:input )?tokens/i,
  /(?:prompt|input|inputs|conversation|messages?|chat history)\b.{0,40}\btoo (?:long|large|many tokens)/i,
  /\b(?:input|prompt)\b.{0,40}\b(?:tokens?|length|count)\b.{0,60}\b(?:exceed|longer than|must be <=|must have less|larger)/i,
  /maximum (?:prompt|input) length|exceeds? maximum input|model only supports up to|range of input length/i,
  /`?inputs`? (?:tokens|must have)|model token limit|maximum number of (?:input )?tokens allowed|string too long/i,
  /tokens? (?:in the prompt|of the prompt).{0,40}exceed|longer than the (?:maximum )?model|total number of tokens/i,
  /(?:提示|输入|上下文|prompt).{0,12}(?:超长|过长|超出|超过)|tokens?.{0,6}超/i,
];
/** A limit of a minute or day, which is no limit of a conversation. */
const RATE_WORDS =
  /rate.?limit|too many requests|tokens per (?:min|day|hour)|requests per (?:min|sec|day|hour)|\b[TR]P[MD]\b|\bQPS\b|throttl|concurrency|quota|频率|限流|并发/i;
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [RATE_WORDS, 'provider_rate_limited'],
  [EXHAUSTED_WORDS, 'provider_rate_limited'],
  [
    /(?:invalid|incorrect|wrong|missing|no) api.?key|api.?key (?:is )?(?:not valid|invalid|missing)|unauthori[sz]ed/i,
    'provider_auth',
  ],
  [/authentication (?:fail|error)|invalid (?:token|credential)|login fail|令牌|无效的?密钥/i, 'provider_auth'],
  [
    /overload|at capacity|server is busy|no available (?:channel|worker|node)|too busy|繁忙|负载/i,
    'provider_overloaded',
  ],
  [
    /model\b.{0,60}(?:not found|does not exist|not exist|is not supported)|no such model|unknown model/i,
    'provider_not_found',
  ],
  [/timed? ?out|deadline exceeded|超时/i, 'provider_timeout'],
  [
    /unexpected role|unknown role|invalid (?:param|request|argument|input|message)|malformed|audit|sensitive|审核|敏感/i,
    'provider_bad_request',
  ],
];

/** The parts of a problem that have words. */
export interface ErrorWords {
  message?: string | undefined;
  type?: string | undefined;
  code?: string | undefined;
}

/** Returns the code for the names of an error. @param general whether names count that servers use for anything */
export function codeOfNames({ code, type }: ErrorWords, general = false): ErrorCode | undefined {
  const name = [code, type].map(plain).find((each) => BY_NAME.has(each) && (general || !GENERAL.has(each)));

  return BY_NAME.get(name ?? '');
}

/** Returns the code for the words of an error. */
export function codeOfWords({ message = '' }: ErrorWords): ErrorCode | undefined {
  return WORDS.find(([pattern]) => pattern.test(message))?.[1];
}

/** Whether a conversation does not fit into the model's window. */
export function isContextLimit({ code, type, message = '' }: ErrorWords): boolean {
  if ([code, type].some((name) => BY_NAME.get(plain(name)) === 'context_too_long')) return true;

  return !RATE_WORDS.test(message) && CONTEXT_WORDS.some((pattern) => pattern.test(message));
}

/** Whether an account is empty. */
export function isExhausted({ code, type, message = '' }: ErrorWords): boolean {
  return [code, type].some((name) => EXHAUSTED.test(plain(name))) || EXHAUSTED_WORDS.test(message);
}

/** Whether a request is larger than all that a limit allows in its time: waiting does not help. */
export function isLargerThanLimit({ message = '' }: ErrorWords): boolean {
  if (/request too large|tokens must be reduced|reduce your (?:message|prompt|input)/i.test(message)) return true;
  const [, limit, requested] = /limit:? *([\d,]+)[^\d]{1,20}requested:? *([\d,]+)/i.exec(message) ?? [];

  return limit !== undefined && requested !== undefined && numberOf(requested) > numberOf(limit);
}

const numberOf = (text: string) => Number(text.replaceAll(',', ''));

function plain(name = ''): string {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/(?<=.)(?:error|exception)$/, '');
}
