import { describe, expect, it } from '@jest/globals';
import type { DifyFile, DifyMode } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import { readForm } from './input-form.js';
import { type AskedApp, checkTurn } from './turn-inputs.js';

const CITY = { 'text-input': { variable: 'city', required: true, max_length: 5 } };
const DAYS = { number: { variable: 'days' } };
const image: DifyFile = { type: 'image', transfer_method: 'remote_url', url: 'https://example.com/a.png' };

interface AppOptions {
  items?: object[];
  mode?: DifyMode | null;
  defaults?: JsonObject;
  parameters?: JsonObject;
}

function app({ items = [], mode = 'chat', defaults = {}, parameters = {} }: AppOptions = {}): AskedApp {
  return { defaults, mode, form: readForm({ ...parameters, user_input_form: items }) };
}

const check = (apps: AskedApp[], inputs: JsonObject, text = 'Hi', files: DifyFile[] = []) =>
  checkTurn(apps, { text, inputs, files });

describe('inputs of a turn', () => {
  it('are kept as the app wants them, with what its form fills in', () => {
    const tone = { select: { variable: 'tone', required: true, options: ['a', 'b'], default: 'b' } };

    expect(check([app({ items: [CITY, DAYS, tone] })], { city: 'Graz', days: '3', other: 1 })).toEqual({
      inputs: { city: 'Graz', days: 3, tone: 'b', other: 1 },
      problems: [],
    });
  });

  it("lean on those of the app's owner, which are not kept", () => {
    const graz = app({ items: [CITY], defaults: { city: 'Graz', other: 1 } });

    expect(check([graz], {})).toEqual({ inputs: {}, problems: [] });
    expect(check([graz], { city: 'Linz' })).toEqual({ inputs: { city: 'Linz' }, problems: [] });
  });

  it('are all refused at once, each by its name', () => {
    const { problems } = check([app({ items: [CITY, DAYS] })], { city: 'Klagenfurt', days: 'x' });

    expect(problems.map(({ field }) => field)).toEqual(['inputs.city', 'inputs.days']);
  });

  it('are kept as they came when no form could be had', () => {
    expect(check([{ defaults: {}, form: null, mode: null }], { days: '3' }, '', [image])).toEqual({
      inputs: { days: '3' },
      problems: [],
    });
  });
});

describe('the text of a turn', () => {
  it('is needed by apps with a conversation', () => {
    expect(check([app()], {}, ' ').problems).toMatchObject([{ field: 'prompt' }]);
    expect(check([app({ mode: 'workflow' })], {}, '').problems).toEqual([]);
  });

  it('is the input of apps without one, and not kept with the others', () => {
    const query = { paragraph: { variable: 'query', required: true, max_length: 3 } };
    const workflow = app({ items: [query, CITY], mode: 'workflow' });

    expect(check([workflow], { city: 'Graz' }, 'Hi')).toEqual({ inputs: { city: 'Graz' }, problems: [] });
    expect(check([workflow], { city: 'Graz' }, 'Hello').problems).toEqual([
      { field: 'prompt', message: 'prompt must have at most 3 characters' },
    ]);
    expect(check([workflow], { city: 'Graz', query: 'Yo' }, 'Hello')).toEqual({
      inputs: { city: 'Graz', query: 'Yo' },
      problems: [],
    });
  });

  it('is no input of apps with a conversation', () => {
    const query = { paragraph: { variable: 'query', required: true } };

    expect(check([app({ items: [query] })], {}).problems).toMatchObject([{ field: 'inputs.query' }]);
  });
});

describe('several apps', () => {
  const text = { 'text-input': { variable: 'days' } };

  it('each check what they ask for', () => {
    const { problems } = check([app({ items: [CITY] }), app({ items: [DAYS] }), app({ items: [CITY] })], { days: 'x' });

    expect(problems.map(({ field }) => field)).toEqual(['inputs.city', 'inputs.days']);
  });

  it('share what they agree about; the rest stays as it came', () => {
    expect(check([app({ items: [DAYS] }), app()], { days: '3' }).inputs).toEqual({ days: '3' });
    expect(check([app({ items: [DAYS] }), app({ items: [DAYS] })], { days: '3' }).inputs).toEqual({ days: 3 });
    expect(check([app({ items: [DAYS] }), app({ items: [text] })], { days: '3' }).inputs).toEqual({ days: '3' });
  });

  it('need only one that takes the files', () => {
    const taker = app();
    const other = app({ parameters: { file_upload: { enabled: false } } });

    expect(check([other, taker], {}, 'Hi', [image]).problems).toEqual([]);
    expect(check([other, other], {}, 'Hi', [image]).problems).toMatchObject([{ field: 'files' }]);
  });
});
