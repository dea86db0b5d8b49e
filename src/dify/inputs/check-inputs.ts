/** Checks inputs of a request against the form of an app, before the run is started. */
import type { FieldProblem } from '../../common/app-error.js';
import { isJsonObject, type JsonObject, parseObject } from '../../common/text/json.js';
import { countProblem, fileProblem } from './file-rules.js';
import { type AppForm, type InputField, type InputType, isBlank, mergeInputs, isFileField } from './input-form.js';

export interface CheckedInputs {
  /** For the app: texts of forms converted, empty fields omitted, defaults filled in. */
  values: JsonObject;
  problems: FieldProblem[];
}

type Outcome = { value: unknown } | { problem: string };
type Check = (value: unknown, field: InputField) => Outcome;

const accept = (value: unknown): Outcome => ({ value });
const refuse = (problem: string): Outcome => ({ problem });

const CHECKS: Readonly<Record<InputType, Check>> = {
  'text-input': checkText,
  paragraph: checkText,
  select: checkOption,
  number: checkNumber,
  checkbox: checkSwitch,
  file: checkFile,
  'file-list': checkFiles,
  json_object: checkJson,
};

/** Checks and converts inputs. Those that the form does not name are passed on: apps ignore them. */
export function checkInputs(fields: readonly InputField[], inputs: JsonObject): CheckedInputs {
  const values: JsonObject = {};
  const problems: FieldProblem[] = [];
  for (const field of fields) {
    const { variable } = field;
    const outcome = checkField(field, inputs[variable]);
    if ('problem' in outcome) problems.push({ field: `inputs.${variable}`, message: `${variable} ${outcome.problem}` });
    else values[variable] = outcome.value ?? null;
  }

  return { values: mergeInputs(inputs, values), problems };
}

/** Checks the files beside the question. */
export function checkQuestionFiles(files: readonly unknown[], { files: rules, fields }: AppForm): FieldProblem[] {
  if (files.length === 0) return [];
  if (!rules) return [{ field: 'files', message: `files ${otherUseOf(fields)}` }];
  const tooMany = countProblem(files.length, rules);
  if (tooMany !== null) return [{ field: 'files', message: `files ${tooMany}` }];

  return files.flatMap((file, index) => {
    const problem = fileProblem(file, rules);
    const field = `files.${index}`;

    return problem === null ? [] : [{ field, message: `${field} ${problem}` }];
  });
}

function otherUseOf(fields: readonly InputField[]): string {
  const names = fields.filter(isFileField).map(({ variable }) => variable);

  return names.length > 0 ? `are taken as inputs only: ${names.join(', ')}` : 'are not taken by this app';
}

function checkField(field: InputField, given: unknown): Outcome {
  // An app takes its default only where nothing is required; its own form has it filled in.
  const value = isBlank(given) && field.required ? field.default : given;
  if (isBlank(value)) return field.required ? refuse('is required by this app') : accept(emptied(field, value));
  const check = isKnown(field.type) ? CHECKS[field.type] : accept;

  return check(value, field);
}

/** An empty text is an answer, which keeps a default away; an empty choice or number is none, and would be refused. */
function emptied(field: InputField, value: unknown): unknown {
  return value === '' && (field.type === 'text-input' || field.type === 'paragraph') ? '' : undefined;
}

function isKnown(type: string): type is InputType {
  return Object.hasOwn(CHECKS, type);
}

function checkText(value: unknown, { maxLength }: InputField): Outcome {
  if (typeof value !== 'string') return refuse('must be a text');
  const isLong = maxLength > 0 && value.length > maxLength && Array.from(value).length > maxLength;

  return isLong ? refuse(`must have at most ${maxLength} characters`) : accept(value);
}

function checkOption(value: unknown, { options }: InputField): Outcome {
  return typeof value === 'string' && options.includes(value)
    ? accept(value)
    : refuse(`must be one of: ${options.join(', ')}`);
}

function checkNumber(value: unknown): Outcome {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;

  return typeof number === 'number' && Number.isFinite(number) ? accept(number) : refuse('must be a number');
}

function checkSwitch(value: unknown): Outcome {
  const flag = value === 'true' || (value === 'false' ? false : value);

  return typeof flag === 'boolean' ? accept(flag) : refuse('must be true or false');
}

function checkFile(value: unknown, { files }: InputField): Outcome {
  const problem = fileProblem(value, files);

  return problem === null ? accept(value) : refuse(problem);
}

function checkFiles(value: unknown, { files }: InputField): Outcome {
  if (!Array.isArray(value)) return refuse('must be a list of files');
  const list: unknown[] = value;
  const problem = countProblem(list.length, files) ?? list.map((file) => fileProblem(file, files)).find(Boolean);

  return problem ? refuse(problem) : accept(value);
}

function checkJson(value: unknown): Outcome {
  const object = typeof value === 'string' ? parseObject(value) : value;

  return isJsonObject(object) ? accept(object) : refuse('must be a JSON object');
}
