import { describe, expect, it } from '@jest/globals';
import { codeOfNames, isContextLimit, isExhausted, isLargerThanLimit } from './error-words.js';

describe('a conversation that is too long', () => {
  it.each([
    "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
    'prompt is too long: 208310 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 190112 + 16384 > 200000',
    'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    'the request exceeds the available context size. try increasing the context size',
    'Context size has been exceeded.',
    'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    'too many tokens: total number of tokens in the prompt cannot exceed 4081',
    '`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`',
    'Requested input length 51200 exceeds maximum input length 32768',
    'Input is too long for requested model.',
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    'Range of input length should be [1, 30720]',
    'Invalid request: Your request exceeded model token limit: 8192',
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    'Trying to keep the first 5000 tokens when context the overflows.',
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    'prompt token count of 130000 exceeds the limit of 128000',
    'Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192',
    'invalid params, context window exceeds limit',
    'Unable to submit request because the input token count is 40000 but model only supports up to 32768.',
    'Prompt 超长',
  ])('%s', (message) => expect(isContextLimit({ message })).toBe(true));

  it.each([
    'context_length_exceeded',
    'ContextWindowExceededError',
    'exceed_context_size_error',
    'string_above_max_length',
  ])('named %s', (code) => expect(isContextLimit({ code })).toBe(true));

  it.each([
    'max_tokens: 99999 > 8192, which is the maximum allowed number of output tokens',
    'Request too large for model on tokens per minute (TPM): Limit 8000, Requested 12750',
    "This request would exceed your account's rate limit",
    'The image is too large',
    'temperature must be between 0 and 1',
  ])('is not: %s', (message) => expect(isContextLimit({ message })).toBe(false));
});

describe('what waiting does not help', () => {
  it.each([
    'Request too large for model `m` on tokens per minute (TPM): Limit 8000, Requested 12750, please reduce your message size',
    'Rate limit reached on tokens per day: Limit: 1,000, Requested: 2,000',
    'The input or output tokens must be reduced in order to run successfully.',
  ])('%s', (message) => expect(isLargerThanLimit({ message })).toBe(true));

  it('but it helps where the limit was used up by others', () => {
    const message = 'Rate limit reached: Limit 30000, Used 29000, Requested 2000. Please try again in 2s.';
    expect(isLargerThanLimit({ message })).toBe(false);
    expect(isExhausted({ message })).toBe(false);
  });

  it.each([
    'Your credit balance is too low',
    'Insufficient Balance',
    'You exceeded your current quota',
    '账户余额不足',
  ])('%s', (message) => expect(isExhausted({ message })).toBe(true));
});

it.each([
  ['RateLimitError', 'provider_rate_limited'],
  ['RESOURCE_EXHAUSTED', 'provider_rate_limited'],
  ['ThrottlingException', 'provider_rate_limited'],
  ['Throttling.RateQuota', 'provider_rate_limited'],
  ['AuthenticationError', 'provider_auth'],
  ['InvalidApiKey', 'provider_auth'],
  ['UNAUTHENTICATED', 'provider_auth'],
  ['ModelNotFound', 'provider_not_found'],
  ['ServiceUnavailableError', 'provider_unavailable'],
  ['timeout_error', 'provider_timeout'],
  ['BadRequestError', undefined],
  ['constructor', undefined],
])('the name %s -> %s', (code, expected) => expect(codeOfNames({ code })).toBe(expected));
