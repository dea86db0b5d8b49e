/** Reads YAML files of seeds: documents of Wegent's kinds, with `${NAME}` variables. */
import { type Document, isNode, isScalar, LineCounter, parseAllDocuments, visit, type YAMLMap } from 'yaml';
import { isJsonObject, type JsonObject } from '../common/text/json.js';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../common/app-error.js';

/** The variables that a seed file may use. */
const SEED_VARIABLES = ['SIMULATOR_URL', 'ANTHROPIC_API_KEY', 'OPENAI_API_KEY'] as const;
export type SeedVariables = Partial<Record<(typeof SEED_VARIABLES)[number], string | undefined>>;
export type Path = readonly (string | number)[];

/** One document of a file, variables filled in. */
export interface SeedDocument {
  /** E.g. `seeds/demo.yaml, document 3 (Bot demo-bot)`. */
  label: string;
  kind: string;
  name: string;
  content: JsonObject;
  /** Line of a field, or of its nearest ancestor that exists. */
  lineOf(path: Path): number;
}

export interface SeedFile {
  name: string;
  documents: SeedDocument[];
  /** Variables that it uses and that are not set: the file is not loaded then. */
  unset: string[];
  problems: string[];
  /** What is wrong with it and does no harm. */
  warnings: string[];
}

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)\}/g;

/** @param name how messages call the file */
export function parseSeedFile(name: string, text: string, variables: SeedVariables): SeedFile {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false });
  const file: SeedFile = { name, documents: [], unset: [], problems: [], warnings: [] };
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const { message, pos } of document.errors) {
      const { line, col } = lines.linePos(pos[0]);
      file.problems.push(`${name}: ${message} (line ${line}, column ${col})`);
    }
    if (document.errors.length === 0) addDocument(file, document, lines, variables);
  }

  return file;
}

function addDocument(file: SeedFile, document: Document, lines: LineCounter, variables: SeedVariables): void {
  visit(document, { Map: (_key, map) => dropRepeatedKeys(file, map, lines) });
  const raw = toPlain(file, document);
  if (raw === null || raw === undefined) return;
  const number = file.documents.length + 1;
  const lineOf = (path: Path) => lineOfNode(document, lines, path);
  if (!isJsonObject(raw)) {
    file.problems.push(
      `${file.name}, document ${number}: must be an object with kind, metadata and spec (line ${lineOf([])})`,
    );

    return;
  }
  const content = fillIn(raw, variables, new Set(file.unset));
  file.unset = [...content.unset];
  const { kind, name } = identityOf(raw);
  const label = `${file.name}, document ${number} (${kind} ${name})`;
  file.documents.push({ label, kind, name, content: content.value, lineOf });
}

/** Keeps the last pair of each key, as the YAML reader of Wegent does. Merge keys may be repeated. */
function dropRepeatedKeys(file: SeedFile, map: YAMLMap, lines: LineCounter): void {
  const last = new Map(map.items.map((pair) => [keyOf(pair.key), pair]));
  map.items = map.items.filter((pair) => {
    const key = keyOf(pair.key);
    if (key === null || key === '<<' || last.get(key) === pair) return true;
    const { line } = lines.linePos((isNode(pair.key) && pair.key.range?.[0]) || 0);
    file.warnings.push(`${file.name}: the key "${key}" is repeated, and its last value counts (line ${line})`);

    return false;
  });
}

const keyOf = (key: unknown): string | null =>
  isScalar<string | number | boolean | null>(key) ? String(key.value) : null;

/** Aliases are expanded here; the parser refuses "billion laughs". */
function toPlain(file: SeedFile, document: Document): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    file.problems.push(`${file.name}: ${(error as Error).message}`);

    return null;
  }
}

function identityOf(raw: JsonObject): { kind: string; name: string } {
  const metadata = isJsonObject(raw.metadata) ? raw.metadata : {};

  return {
    kind: typeof raw.kind === 'string' ? raw.kind : 'without kind',
    name: typeof metadata.name === 'string' ? metadata.name : 'without name',
  };
}

function fillIn(
  raw: JsonObject,
  variables: SeedVariables,
  unset: Set<string>,
): { value: JsonObject; unset: Set<string> } {
  const known: readonly string[] = SEED_VARIABLES;
  const fillText = (text: string) =>
    text.replace(VARIABLE, (whole, name: string) => {
      if (!known.includes(name)) return whole;
      const value = variables[name as keyof SeedVariables];
      if (!value) unset.add(name);

      return value ?? whole;
    });
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') return fillText(value);
    if (Array.isArray(value)) return value.map(fill);

    return isJsonObject(value) ? fillObject(value) : value;
  };
  const fillObject = (object: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(object).map(([name, value]) => [name, fill(value)]));

  return { value: fillObject(raw), unset };
}

function lineOfNode(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  const start = document.contents?.range?.[0] ?? 0;

  return lines.linePos(start).line;
}

/**
 * Reads all YAML files of a directory, in the order of their names.
 * @throws Error when there is no such directory: loading nothing would deactivate everything
 */
export async function readSeedFiles(directory: string, variables: SeedVariables): Promise<SeedFile[]> {
  const entries = await readdir(directory).catch((error: unknown) => {
    throw new Error(`SEEDS_DIR ${directory} cannot be read (${errorCode(error)})`, { cause: error });
  });
  const names = entries.filter((name) => /\.ya?ml$/i.test(name)).sort();
  const read = async (name: string) => {
    const text = await readFile(join(directory, name), 'utf8');

    return parseSeedFile(`${basename(directory)}/${name}`, text, variables);
  };

  return Promise.all(names.map(read));
}
