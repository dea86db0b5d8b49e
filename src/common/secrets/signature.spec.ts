import { describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { requestSignatureOf, webhookSignatureOf } from './signature.js';

describe('the signature of a webhook', () => {
  it('is the HMAC of timestamp, dot and body', () => {
    // printf '1764000000.{"a":"ü"}' | openssl dgst -sha256 -hmac 'a secret of the test'
    expect(webhookSignatureOf('a secret of the test', '1764000000', '{"a":"ü"}')).toBe(
      'v1=c13f5b9bbde28492f1c74408913dfee4258ce2067a48b36312c6e64ff2e91678',
    );
  });

  it('is the same for text and its bytes, and another for each secret, time and body', () => {
    const one = webhookSignatureOf('s', '1', 'body');
    const others = [
      webhookSignatureOf('t', '1', 'body'),
      webhookSignatureOf('s', '2', 'body'),
      webhookSignatureOf('s', '1', 'b'),
    ];

    expect(webhookSignatureOf('s', '1', Buffer.from('body'))).toBe(one);
    expect(new Set([one, ...others]).size).toBe(4);
  });
});

describe('the signature of a request', () => {
  const request = { method: 'PUT', path: '/api/executors/tasks?task_id=1', body: '{"a":"ü"}' };

  it('is the HMAC of timestamp, method, path with query and the hash of the body', () => {
    const bodyHash = createHash('sha256').update(request.body).digest('hex');
    const text = `7.PUT./api/executors/tasks?task_id=1.${bodyHash}`;
    const expected = `v2=${createHmac('sha256', 's').update(text).digest('hex')}`;

    expect(requestSignatureOf('s', 7, request)).toBe(expected);
    expect(requestSignatureOf('s', 7, { ...request, body: Buffer.from(request.body) })).toBe(expected);
  });

  it('is another for each secret, time, method, path, query and body', () => {
    const signatures = [
      requestSignatureOf('s', 7, request),
      requestSignatureOf('t', 7, request),
      requestSignatureOf('s', 8, request),
      requestSignatureOf('s', 7, { ...request, method: 'POST' }),
      requestSignatureOf('s', 7, { ...request, path: '/api/executors/tasks/dispatch' }),
      requestSignatureOf('s', 7, { ...request, path: '/api/executors/tasks?task_id=2' }),
      requestSignatureOf('s', 7, { ...request, body: '' }),
    ];

    expect(new Set(signatures).size).toBe(signatures.length);
  });
});
