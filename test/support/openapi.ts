/** The operations of an OpenAPI document, and requests for them: plausible ones, and nasty ones. */
export interface Operation {
  method: string;
  /** With the names of its parameters in braces. */
  path: string;
  parameters: { name: string; in: string }[];
  /** Of a JSON body; null without one. */
  body: Schema | null;
  /** Documented statuses. */
  statuses: number[];
}

export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema> };
}

interface RawOperation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, object>;
}

/** Values that no field expects: of other types, deep, huge, or with names and characters that break programs. */
export const NASTY_VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', ' ', '0', 'x'.repeat(70_000)],
  ...['__proto__', 'constructor', 'toString', 'a\u0000b', '\ud800', '\u202e\u0000\udfff', '%00', '../../etc/passwd'],
  ...["' or 1=1 --", '<script>alert(1)</script>', '${7*7}', '9'.repeat(400), [], {}, [null], [[]]],
  ...['{"__proto__": {"isAdmin": true}}', '['.repeat(2_000) + ']'.repeat(2_000)].map(
    (text) => JSON.parse(text) as unknown,
  ),
];

/** What stands for a value of a type; of others, a text. */
const PLAIN: Readonly<Record<string, unknown>> = { integer: 1, number: 1, boolean: false, object: {} };

export const NASTY_TEXTS = NASTY_VALUES.filter((value): value is string => typeof value === 'string');

export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json']?.schema ?? null,
      statuses: Object.keys(responses).map(Number),
    })),
  );
}

/** The path of a request. @param value of each parameter in it, as it is */
export const pathOf = ({ path }: Pick<Operation, 'path'>, value: (name: string) => string): string =>
  path.replace(/^\/api/, '').replace(/\{(\w+)\}/g, (_, name: string) => value(name));

/** A value that fits a schema, with all its properties. */
export function sampleOf(document: OpenApiDocument, schema: Schema, depth = 0): unknown {
  const { properties, items, enum: values, type } = resolved(document, schema);
  if (values) return values[0];
  if (properties && depth < 4) {
    const entries = Object.entries(properties);

    return Object.fromEntries(entries.map(([name, property]) => [name, sampleOf(document, property, depth + 1)]));
  }
  if (type === 'array') return items && depth < 4 ? [sampleOf(document, items, depth + 1)] : [];

  return properties ? {} : (PLAIN[type ?? ''] ?? 'x');
}

/** A body in the place of a valid one: each property, at any depth, with each nasty value in turn. */
export function* nastyBodies(document: OpenApiDocument, schema: Schema): Generator {
  const sample = sampleOf(document, schema);
  yield* NASTY_VALUES;
  yield* withNasty(sample);
}

function* withNasty(sample: unknown): Generator {
  if (typeof sample !== 'object' || sample === null) return;
  for (const [name, value] of Object.entries(sample)) {
    const replaced = (by: unknown) =>
      Array.isArray(sample) ? sample.with(Number(name), by) : { ...sample, [name]: by };
    for (const nasty of NASTY_VALUES) yield replaced(nasty);
    for (const nasty of withNasty(value)) yield replaced(nasty);
  }
}

function resolved(document: OpenApiDocument, schema: Schema): Schema {
  const { $ref, allOf = [], oneOf = [], anyOf = [] } = schema;
  const target = $ref === undefined ? undefined : document.components.schemas[$ref.split('/').at(-1) ?? ''];
  if (target) return resolved(document, target);
  const parts = [...allOf, ...oneOf.slice(0, 1), ...anyOf.slice(0, 1)].map((part) => resolved(document, part));

  return Object.assign({}, ...parts, schema) as Schema;
}
