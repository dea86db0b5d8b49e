import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyReader } from './body-reader.js';
import { MAX_EVENT_LENGTH } from './sse-reader.js';

/** Data of events, and whole replies as `{whole}`. */
function read(...chunks: (string | Uint8Array)[]): unknown[] {
  const found: unknown[] = [];
  const reader = new BodyReader({ onEvent: ({ data }) => found.push(data), onWhole: (whole) => found.push({ whole }) });
  for (const chunk of chunks) reader.feed(Buffer.from(chunk));
  reader.end();

  return found;
}

const BODIES: readonly (readonly [string, string, unknown[]])[] = [
  ['events', '\uFEFF\n\ndata: {"é":1}\n\ndata: 2\n\n', ['{"é":1}', '2']],
  ['one reply', ' {"é": 1}', [{ whole: { é: 1 } }]],
  ['one reply on lines', '\uFEFF{\n  "a": [\n    1\n  ]\n}\n', [{ whole: { a: [1] } }]],
  ['a list', '[{"a":1},\n{"b":2}]', [{ whole: [{ a: 1 }, { b: 2 }] }]],
  ['lines', '{"a":1}\n{"b":2}\n{"c":3}', ['{"a":1}', '{"b":2}', '{"c":3}']],
  ['lines with events among them', '{"a":1}\n\ndata: {"b":2}\n[DONE]\n', ['{"a":1}', '{"b":2}', '[DONE]']],
  ['a reply that is cut off', '{"a": "b', ['{"a": "b']],
  ['a page', '<html>\n<body>x</body>', ['<html>\n<body>x</body>\n']],
  ['text', 'No: not today', ['No: not today\n']],
  ['an error among lines', 'error: {"code":1}\n\ndata: [DONE]\n\n', ['{"code":1}', '[DONE]']],
  ['nothing', ' \n', []],
];

describe('BodyReader', () => {
  it.each(BODIES)('%s', (_name, body, parts) => expect(read(body)).toEqual(parts));

  it.each(BODIES)('%s: however its bytes are cut', (_name, body, parts) => {
    const bytes = Buffer.from(body);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        expect(read(...edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge)))).toEqual(parts);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['{"a":1}', true],
    ['{"a":1}\n', true],
    ['{"a":{"b":1}', false],
    ['{"a":1}\n{"b":1}\n', false],
    ['data: {"a":1}\n\n', false],
  ])('%j is complete: %s', (body, isComplete) => {
    const reader = new BodyReader({ onEvent: () => undefined, onWhole: () => undefined });
    reader.feed(Buffer.from(body));
    expect(reader.isComplete).toBe(isComplete);
  });

  it('ends a reply that never ends', () => {
    const reader = new BodyReader({ onEvent: () => undefined, onWhole: () => undefined });
    const feed = () => {
      for (let length = 0; length <= MAX_EVENT_LENGTH; length += 1_000_000)
        reader.feed(Buffer.from(`{"${'x'.repeat(1e6)}`));
    };
    expect(feed).toThrow(expect.objectContaining({ code: 'provider_protocol' }));
  });
});
