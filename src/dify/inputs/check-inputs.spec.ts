import { describe, expect, it } from '@jest/globals';
import { checkInputs, checkQuestionFiles } from './check-inputs.js';
import { readForm } from './input-form.js';

const image = { type: 'image', transfer_method: 'remote_url', url: 'https://example.com/a.png' };
const upload = { type: 'document', transfer_method: 'local_file', upload_file_id: '8f0e-1' };

function check(type: string, field: object, value: unknown) {
  const { fields } = readForm({ user_input_form: [{ [type]: { variable: 'x', ...field } }] });

  return checkInputs(fields, value === undefined ? {} : { x: value });
}

const problem = (message: string) => [{ field: 'inputs.x', message: expect.stringContaining(message) }];

describe('accepted', () => {
  it.each<[string, object, unknown]>([
    ['text-input', { required: true, max_length: 3 }, 'abc'],
    ['text-input', { max_length: 2 }, '😀😀'],
    ['text-input', { max_length: 0 }, 'any length'],
    ['text-input', {}, ''],
    ['paragraph', {}, 'a\nb'],
    ['select', { options: ['warm', 'dry'] }, 'dry'],
    ['number', {}, 0],
    ['number', {}, -1.5],
    ['checkbox', { required: true }, false],
    ['json_object', {}, { a: [1] }],
    ['file', {}, image],
    ['file', { allowed_file_types: ['document'] }, upload],
    ['file', { allowed_file_types: ['image'] }, { ...upload, type: 'custom' }],
    ['file-list', { max_length: 2 }, [image, upload]],
    ['a type of tomorrow', {}, [[1]]],
  ])('%s %j: %j', (type, field, value) => {
    expect(check(type, field, value)).toEqual({ values: { x: value }, problems: [] });
  });

  it.each<[string, unknown, unknown]>([
    ['number', '42', 42],
    ['number', ' -1.5 ', -1.5],
    ['checkbox', 'true', true],
    ['checkbox', 'false', false],
    ['json_object', '{"a":[1]}', { a: [1] }],
  ])('%s converts the text of a form: %j', (type, value, converted) => {
    expect(check(type, { required: true }, value)).toEqual({ values: { x: converted }, problems: [] });
  });

  it.each<[string, unknown]>([
    ['select', ''],
    ['number', ''],
    ['checkbox', ''],
    ['json_object', ''],
    ['file', null],
    ['file-list', []],
    ['text-input', null],
    ['number', undefined],
  ])('%s is left out when it was left empty: %j', (type, value) => {
    expect(check(type, { options: ['a'], default: 'a' }, value)).toEqual({ values: {}, problems: [] });
  });

  it('takes the default for what is required and missing', () => {
    expect(check('text-input', { required: true, default: 'Graz' }, undefined).values).toEqual({ x: 'Graz' });
    expect(check('number', { required: true, default: '7' }, '').values).toEqual({ x: 7 });
  });

  it('passes names on that the form does not know', () => {
    expect(checkInputs([], { other: { a: 1 } })).toEqual({ values: { other: { a: 1 } }, problems: [] });
  });
});

describe('refused', () => {
  it.each<[string, object, unknown, string]>([
    ['text-input', { required: true }, undefined, 'x is required'],
    ['text-input', { required: true }, '', 'x is required'],
    ['select', { required: true, options: ['a'] }, null, 'x is required'],
    ['file-list', { required: true }, [], 'x is required'],
    ['text-input', {}, 5, 'must be a text'],
    ['paragraph', {}, { a: 1 }, 'must be a text'],
    ['text-input', { max_length: 3 }, 'abcd', 'at most 3 characters'],
    ['paragraph', { max_length: 1 }, '😀😀', 'at most 1 characters'],
    ['select', { options: ['warm', 'dry'] }, 'wet', 'must be one of: warm, dry'],
    ['select', { options: ['1'] }, 1, 'must be one of: 1'],
    ['number', {}, 'four', 'must be a number'],
    ['number', {}, true, 'must be a number'],
    ['number', {}, ' ', 'must be a number'],
    ['checkbox', {}, 'yes', 'must be true or false'],
    ['checkbox', {}, 1, 'must be true or false'],
    ['json_object', {}, '[1]', 'must be a JSON object'],
    ['json_object', {}, '{', 'must be a JSON object'],
    ['json_object', {}, 5, 'must be a JSON object'],
    ['file', {}, 'a.png', 'must be a file'],
    ['file', {}, [image], 'must be a file'],
    ['file', {}, { ...image, type: 'picture' }, 'needs a type of: image, document'],
    ['file', { allowed_file_types: ['document'] }, image, 'needs a type of: document'],
    ['file', { allowed_file_upload_methods: ['local_file'] }, image, 'needs a transfer_method of: local_file'],
    ['file', {}, { type: 'image', transfer_method: 'ftp' }, 'needs a transfer_method of: remote_url, local_file'],
    ['file', {}, { ...image, url: 'file:///etc/passwd' }, 'needs a url'],
    ['file', {}, { ...image, url: 5 }, 'needs a url'],
    ['file', {}, { ...upload, upload_file_id: '' }, 'needs the upload_file_id'],
    ['file', {}, { ...upload, upload_file_id: '../x' }, 'needs the upload_file_id'],
    ['file-list', {}, image, 'must be a list of files'],
    ['file-list', {}, [image, 5], 'must be a file'],
    ['file-list', { max_length: 1 }, [image, upload], 'at most 1 file'],
  ])('%s %j: %j', (type, field, value, message) => {
    expect(check(type, field, value).problems).toEqual(problem(message));
  });

  it('with every problem at once', () => {
    const items = ['a', 'b', 'c'].map((variable) => ({ number: { variable, required: true } }));
    const { problems } = checkInputs(readForm({ user_input_form: items }).fields, { b: 2 });

    expect(problems.map(({ field }) => field)).toEqual(['inputs.a', 'inputs.c']);
  });
});

describe('files beside the question', () => {
  const check = (files: unknown[], parameters: object) => checkQuestionFiles(files, readForm({ ...parameters }));
  const images = { file_upload: { enabled: true, allowed_file_types: ['image'], number_limits: 1 } };
  const off = { file_upload: { enabled: false } };

  it('are checked by number, type and method', () => {
    expect(check([image], images)).toEqual([]);
    expect(check([image, image], images)).toEqual([{ field: 'files', message: 'files must hold at most 1 file' }]);
    expect(check([upload], images)).toEqual([{ field: 'files.0', message: 'files.0 needs a type of: image' }]);
  });

  it('are refused by an app that takes none', () => {
    expect(check([image], off)).toEqual([{ field: 'files', message: 'files are not taken by this app' }]);
    expect(check([], off)).toEqual([]);
  });

  it('are sent to the inputs that take them', () => {
    const { 0: problem } = check([image], { ...off, user_input_form: [{ file: { variable: 'plan' } }] });

    expect(problem?.message).toBe('files are taken as inputs only: plan');
  });
});
