import type { Schemas } from '../../../api/client';
import type { DraftFile } from '../data/memory';

export type FieldKind = 'text' | 'paragraph' | 'select' | 'number' | 'checkbox' | 'file' | 'file-list' | 'json';

/** One input of an app, of its form at the start or of one in the middle of an answer. */
export interface Field {
  name: string;
  label: string;
  kind: FieldKind;
  isRequired: boolean;
  options: readonly string[];
  /** Characters, or files; null is any number. */
  maxLength: number | null;
  hint: string | null;
  placeholder: string | null;
  initial: unknown;
  /** For the file picker of the browser. */
  accept: string;
}

const NAMES: Readonly<Record<string, FieldKind>> = {
  'text-input': 'text',
  text: 'text',
  paragraph: 'paragraph',
  select: 'select',
  number: 'number',
  checkbox: 'checkbox',
  file: 'file',
  'file-list': 'file-list',
  json_object: 'json',
  json: 'json',
};

const kindOf = (type: unknown): FieldKind => (typeof type === 'string' ? (NAMES[type] ?? 'text') : 'text');

/** An input of the form that an app shows before it begins. */
export function fieldOfParameter(parameter: Schemas['InputParameterDto']): Field {
  return {
    name: parameter.variable,
    label: parameter.label || parameter.variable,
    kind: kindOf(parameter.type),
    isRequired: parameter.required,
    options: parameter.options ?? [],
    maxLength: parameter.max_length ?? null,
    hint: parameter.hint ?? null,
    placeholder: parameter.placeholder ?? null,
    initial: parameter.default ?? null,
    accept: acceptOf(parameter.allowed_file_types ?? [], parameter.allowed_file_extensions ?? []),
  };
}

/** An input of a form in the middle of an answer, as Dify describes it. */
export function fieldOfFormInput(input: Record<string, unknown>): Field {
  const name = text(input['output_variable_name']) ?? text(input['variable']) ?? '';

  return {
    name,
    label: text(input['label']) ?? name,
    kind: kindOf(input['type']),
    isRequired: input['required'] === true,
    options: list(input['options']).filter((option) => typeof option === 'string'),
    maxLength: typeof input['max_length'] === 'number' ? input['max_length'] : null,
    hint: text(input['hint']),
    placeholder: text(input['placeholder']),
    initial: input['default_value'] ?? constantOf(input['default']) ?? null,
    accept: acceptOf(list(input['allowed_file_types']), list(input['allowed_file_extensions'])),
  };
}

/** A default is a value, or `{type: "constant", value}`. */
function constantOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** What the picker offers; documents and custom types are known by their extensions only. */
function acceptOf(types: readonly unknown[], extensions: readonly unknown[]): string {
  if (types.some((type) => type === 'document' || type === 'custom')) return '';
  const media = types.map((type) => `${String(type)}/*`);

  return [
    ...media,
    ...extensions.map((name) => (String(name).startsWith('.') ? String(name) : `.${String(name)}`)),
  ].join(',');
}

/** The values to begin with: those that were given before, else the defaults. */
export function initialValues(fields: readonly Field[], known: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, initial }) => [name, name in known ? known[name] : initial]));
}

/** Whether nothing was entered. */
export const isEmptyValue = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** The required fields without a value. */
export const missingFields = (fields: readonly Field[], values: Record<string, unknown>): readonly Field[] =>
  fields.filter(({ name, isRequired, kind }) => isRequired && kind !== 'checkbox' && isEmptyValue(values[name]));

/** Values as the API takes them: nothing for what is empty, files by the ids of their uploads. */
export function toInputs(fields: readonly Field[], values: Record<string, unknown>): Record<string, unknown> {
  const entries = fields
    .map(({ name, kind }) => [name, wireValue(kind, values[name])] as const)
    .filter(([, value]) => !isEmptyValue(value));

  return Object.fromEntries(entries);
}

function wireValue(kind: FieldKind, value: unknown): unknown {
  if (kind === 'file') return isFile(value) ? fileReference(value) : null;
  if (kind === 'file-list') return list(value).filter(isFile).map(fileReference);

  return value;
}

/** A file of a draft as a question carries it. */
export const fileReference = ({ id, type }: DraftFile): Schemas['DifyFileDto'] => ({
  type,
  transfer_method: 'local_file',
  upload_file_id: id,
});

export const isFile = (value: unknown): value is DraftFile =>
  typeof value === 'object' && value !== null && 'id' in value;

/** A piece of the text of a form: markdown, or the place of an input. */
export type FormPiece = { text: string } | { field: Field };

const PLACE = /\{\{#\$output\.([^#}]+)#\}\}/;

/** Puts the inputs where the text of the form has their places; the others come after it. */
export function formPieces(content: string, fields: readonly Field[]): readonly FormPiece[] {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const pieces: FormPiece[] = [];
  for (const [index, part] of content.split(PLACE).entries()) {
    const field = index % 2 === 1 ? byName.get(part) : undefined;
    if (field) {
      byName.delete(part);
      pieces.push({ field });
    } else if (part.trim() !== '' && index % 2 === 0) pieces.push({ text: part });
  }

  return [...pieces, ...[...byName.values()].map((field) => ({ field }))];
}
