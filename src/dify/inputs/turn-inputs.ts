/** Checks the inputs and files of a turn against the form of each app. Pure. */
import type { FieldProblem } from '../../common/app-error.js';
import type { DifyFile, DifyMode } from '../../common/contracts/dify.js';
import type { JsonObject } from '../../common/text/json.js';
import { hasConversations } from '../client/dify.request.js';
import { checkInputs, checkQuestionFiles } from './check-inputs.js';
import { type AppForm, inputForText, mergeInputs } from './input-form.js';

/** One app that answers. */
export interface AskedApp {
  /** Its owner's inputs, where the turn has no others. */
  defaults: JsonObject;
  /** Null when the app did not answer: then nothing is checked. */
  form: AppForm | null;
  mode: DifyMode | null;
}

/** What the turn brings. */
export interface BroughtInputs {
  text: string;
  inputs: JsonObject;
  files: readonly DifyFile[];
}

export interface TurnInputs {
  /** The inputs to store: converted, with defaults of the form, without those of the app's owner. */
  inputs: JsonObject;
  problems: FieldProblem[];
}

/** Checks a turn against all its apps: several answer in a pipeline. */
export function checkTurn(apps: readonly AskedApp[], brought: BroughtInputs): TurnInputs {
  const checked = apps.map((app) => checkApp(app, brought));
  const problems = checked.flatMap((each) => each.problems);

  return {
    inputs: agreed(
      checked.map((each) => each.inputs),
      brought.inputs,
    ),
    problems: distinct([...problems, ...fileProblems(apps, brought.files)]),
  };
}

function checkApp({ defaults, form, mode }: AskedApp, { text, inputs }: BroughtInputs): TurnInputs {
  // Apps without a conversation take the user's text as one of their inputs.
  const asInput = mode !== null && !hasConversations(mode);
  const silent = !asInput && mode !== null && text.trim() === '' ? [NO_TEXT] : [];
  if (!form) return { inputs, problems: silent };
  const all = mergeInputs(defaults, inputs);
  const forText = asInput && text !== '' ? inputForText(form.fields, all) : null;
  const { values, problems } = checkInputs(form.fields, mergeInputs(all, forText === null ? {} : { [forText]: text }));
  const kept = Object.entries(values).filter(
    ([name]) => name !== forText && (Object.hasOwn(inputs, name) || !Object.hasOwn(defaults, name)),
  );

  return { inputs: Object.fromEntries(kept), problems: [...silent, ...problems.map((each) => ofText(each, forText))] };
}

export const NO_TEXT: FieldProblem = { field: 'prompt', message: 'prompt must hold some text besides the inputs' };

/** Reports a problem of the text under `prompt`: the user does not know that it is an input. */
function ofText(problem: FieldProblem, forText: string | null): FieldProblem {
  if (forText === null || problem.field !== `inputs.${forText}`) return problem;

  return { field: 'prompt', message: problem.message.replace(forText, 'prompt') };
}

/** Merges the converted inputs of all apps. An input that they convert differently stays as it was sent. */
function agreed(versions: readonly JsonObject[], brought: JsonObject): JsonObject {
  const names = [...new Set(versions.flatMap((version) => Object.keys(version)))];

  return Object.fromEntries(
    names.map((name) => {
      const values = versions.flatMap((version) => (Object.hasOwn(version, name) ? [version[name]] : []));
      const isOne = new Set(values.map((value) => JSON.stringify(value))).size === 1;

      return [name, isOne ? values[0] : (brought[name] ?? values[0])];
    }),
  );
}

/** Files must fit one of the apps; the others ignore them. */
function fileProblems(apps: readonly AskedApp[], files: readonly DifyFile[]): FieldProblem[] {
  const found = apps.map(({ form }) => (form ? checkQuestionFiles(files, form) : []));

  return found.some((problems) => problems.length === 0) ? [] : (found[0] ?? []);
}

function distinct(problems: readonly FieldProblem[]): FieldProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.field} ${problem.message}`, problem])).values()];
}
