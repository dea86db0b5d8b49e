import { describe, expect, it } from '@jest/globals';
import { toAnswerEnd } from './answer-end.dto.js';

describe('toAnswerEnd', () => {
  it('keeps what an answer has told at its end, without text and usage', () => {
    const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
    const proof = { while: 'running', provider_closed_ms: 12 };
    expect(toAnswerEnd({ type: 'cancelled', cancelled: true, proof, usage })).toEqual({ end: { proof } });
    expect(toAnswerEnd({ type: 'error', error: 'no', code: 'provider_auth', retryable: false })).toEqual({
      end: { code: 'provider_auth', retryable: false },
    });
    expect(toAnswerEnd({ type: 'done', done: true, finish_reason: 'length', usage })).toEqual({
      end: { finish_reason: 'length' },
    });
  });

  it('is nothing for an answer without a last event', () => {
    expect(toAnswerEnd(null)).toEqual({});
  });
});
