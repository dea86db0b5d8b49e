import { describe, expect, it } from '@jest/globals';
import { inputForText, mergeInputs, readForm } from './input-form.js';
import type { JsonObject } from '../../common/text/json.js';

const fieldsOf = (...items: unknown[]) => readForm({ user_input_form: items }).fields;

describe('the form of an app', () => {
  it('has its fields in order, with what each of them asks for', () => {
    const fields = fieldsOf(
      { 'text-input': { label: 'City', variable: 'city', required: true, max_length: 48, default: '' } },
      { select: { label: 'Tone', variable: 'tone', required: false, options: ['warm', 'dry'], default: 'warm' } },
      {
        'file-list': {
          label: 'Scans',
          variable: 'scans',
          required: false,
          max_length: 3,
          allowed_file_types: ['image', 'custom'],
          allowed_file_extensions: ['.PDF', 'tif'],
          allowed_file_upload_methods: ['local_file'],
        },
      },
    );

    expect(fields).toMatchObject([
      { variable: 'city', label: 'City', type: 'text-input', required: true, hidden: false, maxLength: 48 },
      { variable: 'tone', type: 'select', required: false, options: ['warm', 'dry'], default: 'warm' },
      {
        variable: 'scans',
        type: 'file-list',
        files: { types: ['image', 'custom'], extensions: ['pdf', 'tif'], methods: ['local_file'], max: 3 },
      },
    ]);
    expect(fields[0]?.default).toBeUndefined();
  });

  it.each(['paragraph', 'number', 'checkbox', 'file', 'json_object', 'a type of tomorrow'])('knows %s', (type) => {
    expect(fieldsOf({ [type]: { variable: 'x', hide: true } })).toMatchObject([
      { variable: 'x', label: 'x', type, required: false, hidden: true, maxLength: 0 },
    ]);
  });

  it('leaves out what the server fills in, and what cannot be read', () => {
    const broken = [null, 'text', [], {}, { select: null }, { select: { label: 'no variable' } }];

    expect(fieldsOf({ external_data_tool: { variable: 'x', required: true } }, ...broken)).toEqual([]);
    expect(readForm({}).fields).toEqual([]);
    expect(readForm({ user_input_form: 'none' }).fields).toEqual([]);
  });

  it('keeps hints for people', () => {
    expect(fieldsOf({ paragraph: { variable: 'x', placeholder: 'Type', hint: 'Short' } })).toMatchObject([
      { placeholder: 'Type', hint: 'Short' },
    ]);
  });
});

describe('files of an app', () => {
  const filesOf = (upload: unknown) => readForm({ file_upload: upload }).files;

  it('has the rules of the upload switch', () => {
    const upload = {
      enabled: true,
      allowed_file_types: ['image', 'document'],
      allowed_file_extensions: ['.PNG'],
      allowed_file_upload_methods: ['remote_url'],
      number_limits: 3,
      image: { enabled: false },
    };

    expect(filesOf(upload)).toEqual({
      types: ['image', 'document'],
      extensions: ['png'],
      methods: ['remote_url'],
      max: 3,
    });
  });

  it('knows the older switch, which is for images only', () => {
    const image = { enabled: true, number_limits: 2, detail: 'high', transfer_methods: ['local_file'] };

    expect(filesOf({ image })).toEqual({ types: ['image'], extensions: [], methods: ['local_file'], max: 2 });
    expect(filesOf({ enabled: false, image })).toMatchObject({ types: ['image'] });
  });

  it('takes none when both are off, and any when the server does not say', () => {
    expect(filesOf({ enabled: false, image: { enabled: false } })).toBeNull();
    expect(filesOf(undefined)).toEqual({ types: [], extensions: [], methods: [], max: 0 });
  });

  it('has sizes in bytes, with defaults', () => {
    const told = { image_file_size_limit: 5, file_size_limit: 20, audio_file_size_limit: 0 };

    expect(readForm({ system_parameters: told }).sizes).toEqual({
      image: 5 * 1_048_576,
      audio: 50 * 1_048_576,
      video: 100 * 1_048_576,
      other: 20 * 1_048_576,
    });
  });
});

describe('mergeInputs', () => {
  it('lets later sources win, name by name', () => {
    expect(mergeInputs({ a: 1, b: 1, c: 1 }, null, { b: 2, c: 2 }, undefined, { c: 3 })).toEqual({ a: 1, b: 2, c: 3 });
  });

  it('takes away what a later source sets to null', () => {
    expect(mergeInputs({ a: 1, b: 1 }, { a: null })).toEqual({ b: 1 });
    expect(mergeInputs({ a: null }, { a: 2 })).toEqual({ a: 2 });
  });

  it('has names for all the same', () => {
    expect(Object.keys(mergeInputs(JSON.parse('{"__proto__":1}') as JsonObject))).toEqual(['__proto__']);
  });
});

describe('inputForText', () => {
  const form = (...names: string[]) =>
    readForm({ user_input_form: names.map((variable) => ({ paragraph: { variable } })) }).fields;

  it.each([
    ['query, when nothing is known', null, {}, 'query'],
    ['query, when the form has neither', form('city', 'tone'), {}, 'query'],
    ['user_query, when the form asks for it', form('city', 'user_query'), {}, 'user_query'],
    ['the only text of a form', form('question'), {}, 'question'],
    ['none, when that text is given', form('question'), { question: 'x' }, null],
    ['none, when query is given', form('city'), { query: 'x' }, null],
    ['none, when user_query is given', null, { user_query: 'x' }, null],
    ['query, when it was left empty', form('query'), { query: '' }, 'query'],
  ])('is %s', (_case, fields, inputs, expected) => {
    expect(inputForText(fields, inputs)).toBe(expected);
  });

  it('is no input of another type', () => {
    const { fields } = readForm({ user_input_form: [{ number: { variable: 'n' } }] });

    expect(inputForText(fields, {})).toBe('query');
  });
});
