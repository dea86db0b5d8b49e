import { Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { isJsonObject } from '../../../common/text/json.js';

const unknownShapes = new Counter({
  name: 'conch_provider_unknown_shapes_total',
  help: 'Parts of replies of providers that could not be read: fields with text in unknown places, data that is not JSON',
  labelNames: ['provider'],
});
const MAX_KEYS = 12;
const MAX_DEPTH = 4;
const MAX_REMEMBERED = 1000;

/** Reports parts of replies that cannot be read: each shape once for a model. Never with a value of a field. */
export class UnknownShapes {
  private readonly logger = new Logger(UnknownShapes.name);
  private readonly seen = new Set<string>();

  /** @param where the part, in the words of the protocol @param value the part itself, of which only names are logged */
  report({ provider, model, host }: ShapeSource, where: string, value: unknown): void {
    unknownShapes.inc({ provider });
    const shape = `${where.replace(/[^\w .-]/g, '?').slice(0, 80)} ${shapeOf(value)}`;
    const key = `${model}\n${host}\n${shape}`;
    if (this.seen.has(key)) return;
    if (this.seen.size >= MAX_REMEMBERED) this.seen.clear();
    this.seen.add(key);
    this.logger.warn(`${host} (model ${model}) sent what cannot be read: ${shape}`);
  }
}

/** Whose reply it is. */
export interface ShapeSource {
  provider: string;
  model: string;
  host: string;
}

/** Names and kinds of the fields of a value, for instance `{delta: {words: text}}`. */
export function shapeOf(value: unknown, depth = 0): string {
  if (Array.isArray(value)) return depth < MAX_DEPTH && value.length > 0 ? `[${shapeOf(value[0], depth + 1)}]` : '[]';
  if (typeof value === 'string') return 'text';
  if (!isJsonObject(value)) return value === null ? 'null' : typeof value;
  if (depth >= MAX_DEPTH) return '{}';
  const names = Object.keys(value).slice(0, MAX_KEYS);
  const fields = names.map(
    (name) => `${name.replace(/[^\w.-]/g, '?').slice(0, 40)}: ${shapeOf(value[name], depth + 1)}`,
  );

  return `{${fields.join(', ')}}`;
}
