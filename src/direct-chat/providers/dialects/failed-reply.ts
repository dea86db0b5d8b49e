/** Recognises failures in replies whose HTTP status is 200. */
import { asNumber, asObject, asText, type JsonObject } from '../../../common/text/json.js';
import { isTelling } from '../../../infra/provider-stream/provider-problem.js';

/** Fields that exist for failures alone. */
const ERRORS = ['error', 'errors', 'error_message', 'errorMessage', 'error_msg', 'err_msg', 'errmsg', 'fault', 'Error'];
/** Fields that are part of other replies, too, and mean a failure when there is no answer beside them. */
const REASONS = ['message', 'msg', 'Message', 'detail', 'details', 'status_msg'];
const CODES = ['code', 'error_code', 'errorCode', 'status_code', 'statusCode', 'errcode', 'ret'];
const FAILED = /^(?:error|fail(?:ed|ure)?|rejected)$/i;

/** Whether a part of a reply tells a failure. @param hasAnswer whether it holds a part of an answer as well */
export function isFailure(reply: JsonObject, hasAnswer: boolean): boolean {
  if (isCertain(reply)) return true;
  if (hasAnswer) return false;
  if (Object.keys(reply).some((name) => /[a-z](?:Exception|Error)$/.test(name) && asObject(reply[name]))) return true;
  if (FAILED.test(asText(reply['status']) ?? '') || reply['success'] === false) return true;

  return REASONS.some((name) => isReason(reply[name])) && (hasCode(reply) || isBare(reply));
}

function isCertain(reply: JsonObject): boolean {
  if (ERRORS.some((name) => isTelling(reply[name]))) return true;
  if (FAILED.test(asText(reply['object']) ?? '') || isErrorType(reply['type'])) return true;

  return isRefusedBy(reply['base_resp']) || isRefusedBy(reply['ResponseMetadata']);
}

/** Whether an event is named after a failure: `error`, `response.failed`. */
export function isErrorName(name: string | undefined): boolean {
  return name !== undefined && /(?:^|[._-])(?:error|failed|failure|exception)$/i.test(name);
}

const isErrorType = (type: unknown) => isErrorName(asText(type)) || asText(type) === 'upstream_error';

/** MiniMax's `base_resp` is part of good replies, too, with the code 0. */
function isRefusedBy(value: unknown): boolean {
  const status = asObject(value);

  return status !== undefined && (isTelling(status['status_code']) || isTelling(status['Error']));
}

/** Whether a code says no: not 0, not a status of success, not a word for it. */
function hasCode(reply: JsonObject): boolean {
  const status = Number.parseInt(String(asNumber(reply['status']) ?? asText(reply['status']) ?? ''), 10);
  if (status >= 400 && status < 600) return true;

  return CODES.some((name) => isTelling(reply[name]) && !/^2\d\d$/.test(String(asNumber(reply[name]))));
}

const isReason = (value: unknown) => asText(value) !== undefined || (Array.isArray(value) && value.length > 0);

/** Whether a reason is all there is: progress is reported with a type or a status. */
function isBare(reply: JsonObject): boolean {
  return ['usage', 'delta', 'done', 'type', 'status', 'event', 'object'].every((name) => !(name in reply));
}
