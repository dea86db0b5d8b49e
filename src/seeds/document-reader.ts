import { textProblem } from '../common/text/storable.js';
import { isJsonObject, type JsonObject } from '../common/text/json.js';
import type { Path, SeedDocument } from './seed-file.js';

const UNFILLED = /\$\{[A-Z][A-Z0-9_]*\}/;

interface TextRule {
  optional?: boolean;
  max?: number;
  /** May be the empty text. */
  empty?: boolean;
}

/** Reads fields of a seed document by path, and collects every problem with the document, the field and the line. */
export class DocumentReader {
  constructor(
    readonly document: SeedDocument,
    private readonly problems: string[],
    private readonly warnings: string[],
  ) {}

  get name(): string {
    return this.document.name;
  }

  /** Adds a problem with a field. */
  problem(path: Path, message: string): void {
    this.problems.push(this.describe(path, message));
  }

  /** Adds a warning about a field: the document is loaded all the same. */
  warn(path: Path, message: string): void {
    this.warnings.push(this.describe(path, message));
  }

  private describe(path: Path, message: string): string {
    return `${this.document.label}: ${path.join('.')}: ${message} (line ${this.document.lineOf(path)})`;
  }

  /** The value of a field; undefined when there is none. */
  value(path: Path): unknown {
    return path.reduce<unknown>((at, key) => {
      if (Array.isArray(at)) return at[Number(key)] as unknown;

      return isJsonObject(at) ? at[key] : undefined;
    }, this.document.content);
  }

  /** The text of a field; empty when there is none or it is wrong. */
  text(path: Path, rule: TextRule = {}): string {
    const value = this.value(path);
    if (value === undefined || value === null) {
      if (!rule.optional) this.problem(path, 'is required');

      return '';
    }
    const message = textMessage(value, rule);
    if (message) this.problem(path, message);

    return typeof value === 'string' ? value : '';
  }

  optionalText(path: Path, max: number): string | null {
    return this.text(path, { optional: true, max }) || null;
  }

  object(path: Path, required = false): JsonObject {
    const value = this.value(path) ?? (required ? undefined : {});
    if (isJsonObject(value)) return value;
    this.problem(path, value === undefined ? 'is required' : 'must be an object');

    return {};
  }

  list(path: Path, required = false): unknown[] {
    const value = this.value(path) ?? [];
    if (!Array.isArray(value)) this.problem(path, 'must be a list');
    else if (required && value.length === 0) this.problem(path, 'needs at least one entry');

    return Array.isArray(value) ? value : [];
  }

  texts(path: Path): string[] {
    return this.list(path).map((_item, index) => this.text([...path, index], { max: 200 }));
  }

  /** Reports unknown variables, which are not replaced: a provider would receive them as they are. */
  refuseUnfilled(path: Path): void {
    const value = this.value(path);
    const unfilled = typeof value === 'string' ? UNFILLED.exec(value)?.[0] : undefined;
    if (unfilled) this.problem(path, `${unfilled} is not a variable of seed files`);
    if (isJsonObject(value)) Object.keys(value).forEach((key) => this.refuseUnfilled([...path, key]));
  }
}

function textMessage(value: unknown, { max = 100, empty = false }: TextRule): string | null {
  if (typeof value !== 'string') return 'must be a text';
  if (value === '' && !empty) return 'must not be empty';

  return value.length > max ? `must not be longer than ${max} characters` : textProblem(value);
}
