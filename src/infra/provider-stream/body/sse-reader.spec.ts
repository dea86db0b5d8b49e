import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_EVENT_LENGTH, SseReader } from './sse-reader.js';

/** `[event, data]` of every event that the chunks bring. */
function read(...chunks: (string | Uint8Array)[]): [string | undefined, string][] {
  const found: [string | undefined, string][] = [];
  const reader = new SseReader(({ event, data }) => found.push([event, data]));
  for (const chunk of chunks) reader.feed(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  reader.end();
  return found;
}

describe('WHATWG 9.2.6', () => {
  it.each([
    ['data: a\ndata: b\n\n', [[undefined, 'a\nb']]],
    ['data\n\n', [[undefined, '']]],
    ['event: x\n\ndata: y\n\n', [[undefined, 'y']]],
    ['data:x\n\n', [[undefined, 'x']]],
    ['data:  x\n\n', [[undefined, ' x']]],
    [': hi\n\n', []],
    ['data: a\n\nData: x\n data: x\n\n', [[undefined, 'a']]],
    [
      'data: a\r\rdata: b\r\r',
      [
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    ['event: ping\r\ndata: 1\r\n\r\n', [['ping', '1']]],
    [
      'data: a\n\r\ndata: b\r\n\n',
      [
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    ['\uFEFFdata: a\n\n', [[undefined, 'a']]],
    ['event: ping\n\n', []],
    ['data: {"a":"x:y"}\n\n', [[undefined, '{"a":"x:y"}']]],
    ['retry: never\nid: 7\ndata: a\n\n', [[undefined, 'a']]],
  ])('%j', (text, events) => expect(read(text)).toEqual(events));

  it('takes CRLF for one line end when it is split, too', () => {
    expect(read('data: a\r', '\ndata: b\r', '\n\r', '\n')).toEqual([[undefined, 'a\nb']]);
  });

  it('keeps a character whose bytes come apart', () => {
    const bytes = Buffer.from('data: é\n\n');
    expect(read(bytes.subarray(0, 7), bytes.subarray(7))).toEqual([[undefined, 'é']]);
  });

  it('gives the same events however the bytes are cut', () => {
    const bytes = Buffer.from(
      '\uFEFFevent: a\r\ndata: 世界 🌍\r\n\r\n: c\n\ndata: 1\ndata: 2\n\ndata: {"x":"\\n"}\r\rdata: [DONE]\n\n',
    );
    const whole = read(bytes);
    expect(whole).toHaveLength(4);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge));
        expect(read(...chunks)).toEqual(whole);
      }),
    );
  });
});

describe('at the end of the body', () => {
  it.each([
    ['data: {"a":1}', '{"a":1}'],
    ['data: {"a":1}\n', '{"a":1}'],
    ['data: {"a":1}\r\n', '{"a":1}'],
    ['data: [DONE]', '[DONE]'],
  ])('a last event without its blank line counts: %j', (text, data) => expect(read(text)).toEqual([[undefined, data]]));

  it.each(['data: {"a":', 'data: plain', 'event: x\n', ': c'])('what is not whole does not: %j', (text) => {
    expect(read(text)).toEqual([]);
  });
});

describe('the cap', () => {
  const feedAll = (chunk: string) => () => {
    const reader = new SseReader(() => undefined);
    for (let length = 0; length <= MAX_EVENT_LENGTH; length += chunk.length) reader.feed(Buffer.from(chunk));
  };

  it('ends a line that never ends', () => {
    expect(feedAll('x'.repeat(65_536))).toThrow(expect.objectContaining({ code: 'provider_protocol' }));
  });

  it('ends an event that never ends', () => {
    expect(feedAll(`data: ${'x'.repeat(131_072)}\n`)).toThrow(expect.objectContaining({ code: 'provider_protocol' }));
  });
});
