import { describe, expect, it } from '@jest/globals';
import type { ModelParameters } from '../../common/contracts/chat-provider.js';
import { errorFromStatus } from './error-mapping.js';
import { modelSettings, OPENAI_SOURCE } from './providers.testing.js';
import { ServerQuirks } from './server-quirks.js';

const openai = (parameters: ModelParameters = {}) => modelSettings({ provider: 'openai', parameters });
const refusal = (message: string, status = 400) =>
  errorFromStatus(status, {}, JSON.stringify({ error: { message } }), OPENAI_SOURCE);

describe('a refusal', () => {
  it.each<[string, ModelParameters]>([
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { maxTokensField: 'max_completion_tokens' },
    ],
    ['Unknown parameter: max_completion_tokens', { maxTokensField: 'max_tokens' }],
    ['max_completion_tokens: Extra inputs are not permitted', { maxTokensField: 'max_tokens' }],
    ["Unsupported value: 'messages[0].role' does not support 'system' with this model.", { systemRole: 'user' }],
    ['System role not supported', { systemRole: 'user' }],
    ['Developer instruction is not enabled for models/gemma-3-27b-it', { systemRole: 'user' }],
    ['body.stream_options: Extra inputs are not permitted', { streamUsage: false }],
    ['Unrecognized request argument supplied: stream_options', { streamUsage: false }],
  ])('teaches once how to ask: %s', (message, means) => {
    const quirks = new ServerQuirks();
    expect(quirks.learn(openai(), refusal(message))).toBe(true);
    expect(quirks.apply(openai({ topP: 1 })).parameters).toEqual({ topP: 1, ...means });
    expect(quirks.learn(openai(), refusal(message))).toBe(false);
    const other = modelSettings({ provider: 'openai', modelId: 'other' });
    expect(quirks.apply(other)).toBe(other);
  });

  it('teaches several things one after the other', () => {
    const quirks = new ServerQuirks();
    quirks.learn(openai(), refusal('System role not supported', 422));
    quirks.learn(openai(), refusal("Use 'max_completion_tokens' instead"));
    expect(quirks.apply(openai()).parameters).toEqual({ systemRole: 'user', maxTokensField: 'max_completion_tokens' });
  });

  it('changes nothing that the owner of the model has set', () => {
    const quirks = new ServerQuirks();
    const model = openai({ systemRole: 'system' });
    expect(quirks.learn(model, refusal('System role not supported'))).toBe(false);
    expect(quirks.apply(model)).toBe(model);
  });

  it.each([
    ['max_tokens is too large: 100000. This model supports at most 4096 completion tokens', 400],
    ['The model is not supported', 400],
    ['The system is overloaded', 400],
    ["Use 'max_completion_tokens' instead", 500],
    ['System role not supported', 429],
  ])('of another kind teaches nothing: %s (%i)', (message, status) => {
    expect(new ServerQuirks().learn(openai(), refusal(message, status))).toBe(false);
    expect(new ServerQuirks().learn(openai(), new Error(message))).toBe(false);
  });
});
