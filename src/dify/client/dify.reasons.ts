/** What the texts of Dify's errors mean, which often repeat what an app's model, plugin or tool has said. Pure. */
import type { ErrorCode } from '../../common/app-error.js';
import { asObject, asText, parseJson } from '../../common/text/json.js';

/** Errors in errors that are opened one after the other. */
const MAX_DEPTH = 6;
/** The message of an error that Python has printed as a dict. */
const PYTHON_MESSAGE = /['"](?:message|detail|error_msg)['"]\s*:\s*(?:'((?:\\.|[^'\\])+)'|"((?:\\.|[^"\\])+)")/;

/** What an app's model says, by the words of its error; the first that fits counts. */
const MODEL_SAYS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/rate.?limit|too many requests|quota|error code: 429/i, 'provider_rate_limited'],
  [/context.?(length|window)|maximum context|too long|reduce the length/i, 'context_too_long'],
  [/overload|at capacity/i, 'provider_overloaded'],
  // The key of the app's model, which its owner has set at Dify; not that of the app.
  [/InvokeAuthorizationError|api.?key|unauthorized|authenticat|error code: 40[13]\b/i, 'dify_app_unavailable'],
  [/InvokeBadRequestError|bad request|error code: 4(00|04|22)\b/i, 'provider_bad_request'],
];
/** Marks of errors that a model or plugin has passed on. */
const PASSED_ON = /PluginInvokeError|PluginDaemon|Invoke\w+Error|^\s*\[[\w./-]+\]\s|error code: \d{3}|run failed/i;
/** How `invalid_param` speaks of a request's inputs. */
const ABOUT_INPUTS =
  /input form|\binputs?\b|\bArg \w+|\bis required\b|must be (one of|a|an|less|provided)\b|\bquery\b|\bfiles?\b/i;
const GONE =
  /\b(not (exists?|found|known|valid)|not exist|(cannot|could not|couldn't|can't) (be found|find)|does(n't| not) exist|no longer|unknown|invalid|deleted|removed|expired|missing|gone|valid uuid|(is|was|been) (closed|completed))\b/i;
const LOST = [
  /conversation[_ ]?not[_ ]?(exist|found)/i,
  /(no such|unknown|invalid|missing|deleted|expired|(cannot|could not|couldn't|can't|failed to) (find|load|get))( the)? conversation\b/i,
  /(会话|对话).*(不存在|未找到|已删除|已过期|无效)/,
];

/** The code of an error that an app's model, plugin or tool has passed on. */
export function codeOfModel(message: string): ErrorCode {
  return MODEL_SAYS.find(([says]) => says.test(message))?.[1] ?? 'provider_unavailable';
}

/**
 * Whether `invalid_param` is about what was sent. Dify calls every ValueError so, also those of a run.
 * @param ran the run had begun
 */
export function isAboutInputs(message: string, ran: boolean): boolean {
  return !PASSED_ON.test(message) && (!ran || ABOUT_INPUTS.test(message));
}

/** Whether a text tells that a conversation is unknown, deleted or closed. */
export function speaksOfLostConversation(message: string): boolean {
  const [, after] = message.split(/\bconversation(?:[_ ]?id)?\b/i, 2);

  return (after !== undefined && GONE.test(after)) || LOST.some((says) => says.test(message));
}

/** The innermost reason of an error: plugins and models wrap each other's replies as JSON or as Python's dicts. */
export function innermostReason(message: string): string {
  let text = message;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = innerText(text);
    if (inner === undefined || inner.trim() === '') break;
    text = inner;
  }

  return text;
}

function innerText(text: string): string | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  const end = text.lastIndexOf('}');
  const object = asObject(parseJson(text.slice(start, end + 1)));
  if (object) return messageIn(object);
  const [, single, double] = PYTHON_MESSAGE.exec(text) ?? [];

  return (single ?? double)?.replace(/\\(['"\\])/g, '$1');
}

function messageIn(object: Record<string, unknown>): string | undefined {
  const error = asObject(object['error']);
  const args = asObject(object['args']);
  const texts = [error?.['message'], object['message'], args?.['description'], object['detail'], object['error']];

  return texts.map(asText).find((each) => each !== undefined);
}
