import { describe, expect, it } from '@jest/globals';
import { ScriptError } from '../shared/script-pairs.js';
import { parseScript } from './script.js';
import { answerTokens, demoText, generatedText, reasoningText } from './text.js';

const CASES = ['happy', 'http-error', 'error-after-text', 'utf8-split', 'slow', 'many-in-one'];
const parse = (model: string, prompt = '') => parseScript(model, prompt, CASES);

describe('parseScript', () => {
  it('has defaults', () => {
    expect(parse('sim', 'Hello')).toEqual({
      ...{ case: 'happy', tokens: undefined, size: 6, rate: 30, delay: 0, headersDelay: 0, reasoning: undefined },
      ...{ text: undefined, after: 3, status: undefined, retryAfter: undefined, times: undefined, key: undefined },
      extra: {},
    });
  });

  it('reads the model name', () => {
    const script = parse('sim:tokens=50,rate=20,delay=100,case=error-after-text,after=7');
    expect(script).toMatchObject({ tokens: 50, rate: 20, delay: 100, case: 'error-after-text', after: 7 });
  });

  it('reads how many tokens are in a write', () => {
    expect(parse('sim', '[sim rate=0 per_write=64]')).toMatchObject({ rate: 0, perWrite: 64 });
    expect(() => parse('sim', '[sim per_write=0]')).toThrow(ScriptError);
  });

  it('ignores other model names', () => {
    expect(parse('claude-sonnet-4-5')).toEqual(parse('sim'));
    expect(parse('simple:tokens=1')).toEqual(parse('sim'));
  });

  it('reads a directive anywhere in the prompt, and it wins over the model', () => {
    const script = parse('sim:tokens=50,rate=20', 'Please [sim tokens=3 headers_delay=5\n retry_after=2] answer');
    expect(script).toMatchObject({ tokens: 3, rate: 20, headersDelay: 5, retryAfter: '2' });
  });

  it('takes the last directive of a merged message', () => {
    expect(parse('sim', '[sim case=error-after-text]\n\n[sim tokens=4]')).toMatchObject({ case: 'happy', tokens: 4 });
  });

  it('generates twenty tokens when a directive names no number', () => {
    expect(parse('sim', '[sim]').tokens).toBe(20);
    expect(parse('sim:tokens=9', '[sim rate=0]').tokens).toBe(9);
    expect(parse('sim:rate=0', 'no directive').tokens).toBeUndefined();
    expect(parse('sim:size=9', 'no directive').tokens).toBe(20);
  });

  it('lets cases bring their own pace', () => {
    expect(parse('sim:case=slow')).toMatchObject({ rate: 1, tokens: 600 });
    expect(parse('sim:case=slow,rate=2')).toMatchObject({ rate: 2 });
    expect(parse('sim', '[sim case=many-in-one]')).toMatchObject({ rate: 0 });
  });

  it('decodes a literal text', () => {
    const text = 'two words, [and] “more”';
    expect(parse('sim', `[sim text=${encodeURIComponent(text)}]`).text).toBe(text);
  });

  it('takes a bare status for an error and a bare key for one failure', () => {
    expect(parse('sim:status=503')).toMatchObject({ case: 'http-error', status: 503 });
    expect(parse('sim:case=error-after-text,key=a')).toMatchObject({ times: 1, key: 'a' });
  });

  it.each([
    ['sim:speed=1', /unknown key 'speed'. Known keys: tokens, /],
    ['sim:case=nope', /unknown case 'nope'. Known cases: happy, /],
    ['sim:tokens', /'tokens' needs a value/],
    ['sim:tokens=', /'tokens' must be a number/],
    ['sim:tokens=1.5', /'tokens' must be a number/],
    ['sim:tokens=-1', /'tokens' must be a number/],
    ['sim:size=0', /'size' must be a number/],
    ['sim:rate=fast', /'rate' must be a number/],
    ['sim:status=200', /'status' must be a number from 400 to 599/],
    ['sim:text=%E0%A4%A', /not url-encoded/],
  ])('refuses %s', (model, message) => {
    expect(() => parse(model)).toThrow(ScriptError);
    expect(() => parse(model)).toThrow(message);
  });
});

describe('answers', () => {
  it('numbers the generated tokens', () => {
    expect(generatedText(3)).toBe('w0    w1    w2    ');
    expect(generatedText(2, 4)).toBe('w0  w1  ');
    expect(reasoningText(2, 1)).toBe('r0 r1 ');
  });

  it('quotes the first words of a prompt without a directive', () => {
    const prompt = 'How do I bake bread without an oven at home, please?';
    const tokens = answerTokens(parse('sim'), prompt);
    expect(tokens.join('')).toBe(demoText(prompt));
    expect(tokens.join('')).toContain('“How do I bake bread without an oven …”');
    expect(tokens.length).toBeGreaterThan(30);
    expect(tokens.length).toBeLessThan(60);
  });

  it('cuts a literal text without breaking characters', () => {
    const tokens = answerTokens(parse('sim', `[sim size=2 text=${encodeURIComponent('a😀b😀c')}]`), '');
    expect(tokens).toEqual(['a😀', 'b😀', 'c']);
  });
});
