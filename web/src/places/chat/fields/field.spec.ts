import { describe, expect, it } from '@jest/globals';
import { fieldOfFormInput, fieldOfParameter, formPieces, initialValues, missingFields, toInputs } from './field';

const parameter = (variable: string, type: string, more = {}) =>
  fieldOfParameter({ variable, label: variable, required: false, type, ...more });

describe('fields', () => {
  it('know every type of input', () => {
    const kinds = [
      'text-input',
      'paragraph',
      'select',
      'number',
      'checkbox',
      'file',
      'file-list',
      'json_object',
      'new',
    ];
    expect(kinds.map((type) => parameter('a', type).kind)).toEqual([
      'text',
      'paragraph',
      'select',
      'number',
      'checkbox',
      'file',
      'file-list',
      'json',
      'text',
    ]);
  });

  it('begin with what was given before, else with the default', () => {
    const fields = [parameter('a', 'text-input'), parameter('b', 'select', { default: 'warm' })];
    expect(initialValues(fields, { a: 'known' })).toEqual({ a: 'known', b: 'warm' });
  });

  it('name what is missing', () => {
    const fields = [parameter('a', 'text-input', { required: true }), parameter('b', 'checkbox', { required: true })];
    expect(missingFields(fields, { a: '' }).map(({ name }) => name)).toEqual(['a']);
    expect(missingFields(fields, { a: 0 })).toEqual([]);
  });

  it('send files by their ids, and nothing for what is empty', () => {
    const file = { id: 'u1', type: 'image', name: 'a.png', size: 1 };
    const fields = [
      parameter('a', 'file'),
      parameter('b', 'file-list'),
      parameter('c', 'text-input'),
      parameter('d', 'number'),
    ];
    expect(toInputs(fields, { a: file, b: [file], c: '', d: 0 })).toEqual({
      a: { type: 'image', transfer_method: 'local_file', upload_file_id: 'u1' },
      b: [{ type: 'image', transfer_method: 'local_file', upload_file_id: 'u1' }],
      d: 0,
    });
  });

  it('read the inputs of a form in an answer', () => {
    const input = { type: 'paragraph', output_variable_name: 'comment', default: { type: 'constant', value: 'hm' } };
    expect(fieldOfFormInput(input)).toMatchObject({
      name: 'comment',
      label: 'comment',
      kind: 'paragraph',
      initial: 'hm',
    });
    expect(fieldOfFormInput({ ...input, default_value: 'yes' }).initial).toBe('yes');
    expect(fieldOfFormInput({})).toMatchObject({ name: '', kind: 'text', initial: null });
  });

  it('stand where the text of the form has them', () => {
    const [comment, other] = ['comment', 'other'].map((name) => fieldOfFormInput({ output_variable_name: name }));
    if (!comment || !other) throw new Error('no fields');
    expect(formPieces('Go on?\n\n{{#$output.comment#}}\n\n{{#$output.gone#}}', [comment, other])).toEqual([
      { text: 'Go on?\n\n' },
      { field: comment },
      { field: other },
    ]);
  });
});
