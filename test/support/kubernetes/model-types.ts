/**
 * The schema of Kubernetes objects, as the client library ships it (generated from the OpenAPI document of Kubernetes 1.34):
 * types of fields from the table in each model's code, required fields from its declarations. The files are read, not
 * imported: the library consists of thousands of modules.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MODELS = resolve('node_modules/@kubernetes/client-node/dist/gen/models');

interface Field {
  /** e.g. `string`, `V1PodSpec`, `Array<V1Container>`, `{ [key: string]: string; }`. */
  type: string;
  isRequired: boolean;
}

/** Fields by their name on the wire. */
export type Model = ReadonlyMap<string, Field>;

const known = new Map<string, Model | null>();

/** Returns the fields of a model; null when there is no model of that name. */
export function modelOf(name: string): Model | null {
  let model = known.get(name);
  if (model === undefined) {
    model = /^\w+$/.test(name) && existsSync(join(MODELS, `${name}.js`)) ? read(name) : null;
    known.set(name, model);
  }

  return model;
}

function read(name: string): Model {
  const code = readFileSync(join(MODELS, `${name}.js`), 'utf8');
  const table = /\.attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(code)?.[1];
  if (table === undefined) throw new Error(`the model ${name} has no table of types`);
  const declarations = readFileSync(join(MODELS, `${name}.d.ts`), 'utf8');
  const required = new Set([...declarations.matchAll(/^ {4}'(\w+)': /gm)].map(([, field]) => field));
  const fields = JSON.parse(table) as { name: string; baseName: string; type: string }[];

  return new Map(fields.map((field) => [field.baseName, { type: field.type, isRequired: required.has(field.name) }]));
}
