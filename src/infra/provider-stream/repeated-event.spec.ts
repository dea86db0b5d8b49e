import { beforeEach, describe, expect, it } from '@jest/globals';
import { RepeatedEvent } from './repeated-event.js';

interface Delta {
  type: string;
  delta: { text: unknown };
}

const event = (text: string, type = 'delta') => JSON.stringify({ type, delta: { kind: 'text', text }, n: 1 });

/** What parsing finds, if the event is the learned one but for its text. */
function parsed(data: string): unknown {
  try {
    return (JSON.parse(data) as Delta).delta.text;
  } catch {
    return null;
  }
}

describe('RepeatedEvent', () => {
  let repeated: RepeatedEvent;

  beforeEach(() => {
    repeated = new RepeatedEvent('text');
    repeated.learn(event('Hello'), 'Hello');
  });

  it.each([
    'a',
    '',
    ' ',
    'ü €',
    '😀',
    '\ud800',
    'a\nb',
    'say "hi"',
    '\\',
    'C:\\dir\\',
    '\u2028',
    '"},"n":1}',
    '\u0000',
    '{"text":"x"}',
  ])('reads %j as parsing does', (text) => {
    expect(repeated.read(event(text))).toBe(text);
  });

  it('knows nothing before it has learned', () => {
    expect(new RepeatedEvent('text').read(event('a'))).toBeNull();
  });

  it('does not take another event for the learned one', () => {
    expect(repeated.read(event('a', 'other'))).toBeNull();
    expect(repeated.read(`${event('a')} `)).toBeNull();
    expect(repeated.read(event('a').replace('"n":1', '"n":2'))).toBeNull();
    expect(repeated.read('')).toBeNull();
    expect(repeated.read('[DONE]')).toBeNull();
    // Shorter than what stands around the text, which overlaps in it.
    expect(repeated.read('{"type":"delta","delta":{"kind":"text","text":"},"n":1}')).toBeNull();
  });

  it('does not accept what JSON does not', () => {
    const broken = (raw: string) => event('@').replace('@', raw);
    for (const raw of ['a"b', '\\', 'a\u0001b', '\\x', '","x":"', 'line\nbreak', '\\u12']) {
      expect(repeated.read(broken(raw))).toBeNull();
    }
  });

  it('agrees with parsing on texts of all kinds', () => {
    const pieces = ['a', '"', '\\', '\n', '}', '{', 'ü', '😀', '\\n', '\\"', '\t', ',"n":1', '\\u0041', ' '];
    for (let seed = 1; seed < 3000; seed += 1) {
      const raw = pieces.filter((_, index) => (seed * (index + 7) * 2654435761) % 11 < 4).join('');
      for (const data of [event(raw), event('@').replace('@', () => raw)]) {
        const text = repeated.read(data);
        // It may leave an event to the parser, but never reads another text than that one.
        if (text !== null) expect(text).toBe(parsed(data));
      }
    }
  });

  it.each([
    ['two fields of the name', '{"text":"a","b":{"text":"a"}}', 'a'],
    ['an escaped text', String.raw`{"text":"\u0061"}`, 'a'],
    ['a text that is elsewhere', String.raw`{"text":"b","te\u0078t":"a"}`, 'a'],
    ['no text', '{"text":null,"b":""}', ''],
    ['no such field', '{"content":"a"}', 'a'],
    ['a text with escapes', String.raw`{"text":"a\nb"}`, 'a\nb'],
  ])('does not learn from %s', (_, data, text) => {
    const other = new RepeatedEvent('text');
    other.learn(data, text);
    expect(other.read(data)).toBeNull();
  });

  it('learns anew, and forgets what it cannot learn', () => {
    repeated.learn(event('x', 'other'), 'x');
    expect(repeated.read(event('y', 'other'))).toBe('y');
    expect(repeated.read(event('y'))).toBeNull();
    repeated.learn('{}', 'x');
    expect(repeated.read(event('y', 'other'))).toBeNull();
  });

  it('ceases to learn from a stream whose events differ in more', () => {
    const padded = (text: string, index: number) => JSON.stringify({ text, padding: 'x'.repeat(index) });
    for (let index = 0; index < 30; index += 1) repeated.learn(padded('a', index), 'a');
    expect(repeated.read(padded('b', 29))).toBeNull();
  });

  it('accepts a space after the colon', () => {
    repeated.learn('{"delta": {"text": "a"}}', 'a');
    expect(repeated.read('{"delta": {"text": "b c"}}')).toBe('b c');
  });
});
