import { describe, expect, it } from '@jest/globals';
import { signatureOf } from './signature.js';

describe('a signature', () => {
  it('is the HMAC of timestamp, dot and body', () => {
    // printf '1764000000.{"a":"ü"}' | openssl dgst -sha256 -hmac 'a secret of the test'
    expect(signatureOf('a secret of the test', '1764000000', '{"a":"ü"}')).toBe(
      'v1=c13f5b9bbde28492f1c74408913dfee4258ce2067a48b36312c6e64ff2e91678',
    );
  });

  it('is the same for text and its bytes, and another for each secret, time and body', () => {
    const one = signatureOf('s', '1', 'body');
    expect(signatureOf('s', '1', Buffer.from('body'))).toBe(one);
    expect(
      new Set([one, signatureOf('t', '1', 'body'), signatureOf('s', '2', 'body'), signatureOf('s', '1', 'b')]).size,
    ).toBe(4);
  });
});
