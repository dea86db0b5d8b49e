// Requests that are refused, with the statuses, codes and texts of Dify.
import { htmlReply } from '../deliver.js';
import { difyError } from './dify-request.js';
import type { DifyScript } from './dify-script.js';
import type { Reply } from '../exchange.js';

/** Status, code and message of an HTTP error. */
export const DIFY_ERRORS: Record<string, readonly [number, string, string]> = {
  'http-error': [500, 'internal_server_error', 'Internal Server Error, please contact support.'],
  'rate-limited': [429, 'rate_limit_error', 'Too many requests. Please try again later.'],
  'too-many': [429, 'too_many_requests', 'Too many requests. The current maximum concurrency is 1.'],
  overloaded: [503, 'service_unavailable', 'The server is temporarily overloaded.'],
  'server-error': [500, 'internal_server_error', 'Internal Server Error, please contact support.'],
  auth: [401, 'unauthorized', 'Access token is invalid'],
  permission: [403, 'forbidden', "The app's API service has been disabled."],
  'not-found': [404, 'not_found', 'Conversation Not Exists.'],
  quota: [400, 'provider_quota_exceeded', 'Your quota for Dify Hosted OpenAI has been exhausted.'],
  'no-provider': [400, 'provider_not_initialize', 'No valid model provider credentials found.'],
  'no-model': [400, 'model_currently_not_support', 'The model is currently not supported.'],
  'model-error': [400, 'completion_request_error', '[openai] Rate limit reached for requests'],
  'app-unavailable': [400, 'app_unavailable', 'App unavailable, please check your app configurations.'],
  'bad-input': [400, 'invalid_param', 'city is required in input form'],
  completed: [400, 'conversation_completed', 'The conversation has ended. Please start a new conversation.'],
};

export const DIFY_PAGES: Record<string, readonly [number, string]> = {
  'html-502': [502, '502 Bad Gateway'],
  'html-200': [200, 'Sign in'],
};

/** The refusal that a script asks for. */
export function errorReply(script: DifyScript): Reply | undefined {
  const page = DIFY_PAGES[script.case];
  if (page) return htmlReply(script.status ?? page[0], page[1]);
  const error = DIFY_ERRORS[script.case];
  if (!error) return undefined;
  const [status, code, message] = error;
  const seconds = script.retryAfter ?? (status === 429 ? '1' : undefined);
  return difyError(script.status ?? status, code, message, seconds === undefined ? {} : { 'retry-after': seconds });
}
