import { modelOf } from './model-types.js';
import { QUANTITY } from './syntax-check.js';

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Fields whose texts are quantities; the schema calls them texts. */
const QUANTITIES = ['limits', 'requests', 'sizeLimit'];

type Problems = string[];

/** Returns what is wrong with an object by the schema of its type: unknown fields, wrong types, missing fields. */
export function schemaProblems(value: unknown, type: string, path = ''): Problems {
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (list !== undefined) return listProblems(value, list, path);
  if (map !== undefined) return mapProblems(value, map, path);

  return modelOf(type) ? objectProblems(value, type, path) : plainProblems(value, type, path);
}

function listProblems(value: unknown, type: string, path: string): Problems {
  if (!Array.isArray(value)) return [`${path}: is no list`];

  return value.flatMap((element, index) => schemaProblems(element, type, `${path}[${index}]`));
}

function mapProblems(value: unknown, type: string, path: string): Problems {
  if (!isObject(value)) return [`${path}: is no map`];

  return Object.entries(value).flatMap(([key, element]) => [
    ...schemaProblems(element, type, `${path}.${key}`),
    ...(QUANTITIES.some((name) => path.endsWith(`.${name}`)) ? quantityProblems(element, `${path}.${key}`) : []),
  ]);
}

function objectProblems(value: unknown, type: string, path: string): Problems {
  const model = modelOf(type);
  if (!model || !isObject(value)) return [`${path}: is no ${type}`];
  const missing = [...model].filter(([name, { isRequired }]) => isRequired && value[name] === undefined);

  return [
    ...missing.map(([name]) => `${path}.${name}: is required`),
    ...Object.entries(value).flatMap(([name, element]) => {
      const field = model.get(name);
      if (!field) return [`${path}.${name}: is no field of ${type}`];
      const quantity =
        QUANTITIES.includes(name) && field.type === 'string' ? quantityProblems(element, `${path}.${name}`) : [];

      return [...schemaProblems(element, field.type, `${path}.${name}`), ...quantity];
    }),
  ];
}

function plainProblems(value: unknown, type: string, path: string): Problems {
  const isRight = {
    string: typeof value === 'string',
    number: typeof value === 'number' && Number.isInteger(value),
    boolean: typeof value === 'boolean',
    Date: typeof value === 'string' && DATE.test(value),
    V1MicroTime: typeof value === 'string' && DATE.test(value),
    IntOrString: typeof value === 'string' || Number.isInteger(value),
    any: true,
    object: isObject(value),
  }[type];
  if (isRight === undefined) return [`${path}: the type ${type} is unknown to this check`];

  return isRight ? [] : [`${path}: is no ${type}`];
}

function quantityProblems(value: unknown, path: string): Problems {
  return typeof value === 'string' && QUANTITY.test(value) ? [] : [`${path}: is no quantity`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
