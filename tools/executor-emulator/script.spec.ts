import { describe, expect, it } from '@jest/globals';
import { ScriptError } from '../shared/script-pairs.js';
import { BEHAVIOURS, parseScript, withoutDirectives } from './script.js';

const parse = (text: string, bot = 'coder') => parseScript(text, bot, 'well-behaved');

describe('the script of a subtask', () => {
  it('is the fallback without a directive', () => {
    expect(parseScript('Just do it', 'coder', 'slow')).toMatchObject({ behaviour: 'slow', ms: 2000, beat: 1000 });
    expect(parse('[execute] and [sim tokens=5]')).toMatchObject({ behaviour: 'well-behaved', ms: 200, steps: 5 });
  });

  it('is read key by key, the later directive wins', () => {
    const text = '[exec behaviour=slow ms=200 steps=3] then [exec ms=10 text=a%20b%5D]';

    expect(parse(text)).toMatchObject({ behaviour: 'slow', ms: 10, steps: 3, beat: 1000, text: 'a b]' });
  });

  it('counts for one bot only when it names one', () => {
    const text = '[exec ms=1] [exec bot=writer behaviour=fails] [exec bot=coder steps=9]';

    expect(parse(text)).toMatchObject({ behaviour: 'well-behaved', ms: 1, steps: 9 });
    expect(parse(text, 'writer')).toMatchObject({ behaviour: 'fails', ms: 1, steps: 5 });
  });

  it('knows every behaviour', () => {
    expect(BEHAVIOURS.map((behaviour) => parse(`[exec behaviour=${behaviour}]`).behaviour)).toEqual(BEHAVIOURS);
  });

  it.each(['[exec colour=red]', '[exec ms]', '[exec ms=]', '[exec ms=1.5]', '[exec steps=-1]', '[exec behaviour=odd]'])(
    'refuses %s',
    (text) => {
      expect(() => parse(text)).toThrow(ScriptError);
    },
  );

  it('is not part of the text', () => {
    expect(withoutDirectives('[exec ms=1]  Fix\nit [exec] now ')).toBe('Fix it now');
  });
});
