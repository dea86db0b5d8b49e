import { describe, expect, it } from '@jest/globals';
import { jsonSizeProblem, MAX_JSON_DEPTH, MAX_JSON_PARTS } from './json-limits.js';

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('the size of JSON from outside', () => {
  it.each([
    ['{"a":[1,2,{"b":null}]}'],
    [nested(MAX_JSON_DEPTH)],
    [JSON.stringify({ text: '[{,:'.repeat(MAX_JSON_PARTS) })],
    [JSON.stringify({ text: `${'\\'.repeat(999)}"[`.repeat(200) })],
    [`[${'[],'.repeat(1000)}[]]`],
    ['no JSON "'],
  ])('is possible', (text) => {
    expect(jsonSizeProblem(text)).toBeNull();
  });

  it.each([
    ['nested too deep', nested(MAX_JSON_DEPTH + 1), /deeper than 64/],
    ['never closed', '{"a":'.repeat(1_000_000), /deeper than 64/],
    ['of too many values', `[${'1,'.repeat(MAX_JSON_PARTS + 1)}1]`, /more than 100000 values/],
    ['deep behind a text of quotes and backslashes', `["\\\\","\\"",${nested(MAX_JSON_DEPTH)}]`, /deeper than 64/],
  ])('is not possible: %s', (_what, text, message) => {
    expect(jsonSizeProblem(text)).toMatch(message);
  });
});
