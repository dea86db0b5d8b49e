/** Long values as short texts, at a cost that depends on the text and not on the value. */
import { firstPart } from './text-cut.js';

/** Characters. What has sent the value shows the rest. */
const LIMIT = 1500;
const MAX_DEPTH = 8;
const CUT = '… (cut)';

/** The value as text, JSON unless it is a string, with a mark where it was cut. The cost is bounded by the limit. */
export function truncateDetail(value: unknown, limit = LIMIT): string {
  if (typeof value === 'string') return cut(value, limit);
  const writer = new JsonWriter(limit);
  writer.write(value, 0);

  return writer.isFull ? firstPart(writer.text, limit) + CUT : writer.text;
}

/** The beginning of a text, and how much is missing. */
export function cut(text: string, limit = LIMIT): string {
  if (text.length <= limit) return text;

  const begin = firstPart(text, limit);

  return `${begin}… (${text.length - begin.length} more characters)`;
}

/** Writes JSON until it is full. */
class JsonWriter {
  text = '';

  constructor(private readonly limit: number) {}

  get isFull(): boolean {
    return this.text.length > this.limit;
  }

  write(value: unknown, depth: number): void {
    if (this.isFull) return;
    if (depth > MAX_DEPTH) this.text += '"…"';
    else if (typeof value === 'string') this.text += JSON.stringify(firstPart(value, this.limit + 2));
    else if (Array.isArray(value)) this.writeArray(value, depth);
    else if (typeof value === 'object' && value !== null) this.writeObject(value, depth);
    else this.text += JSON.stringify(value ?? null);
  }

  private writeArray(items: readonly unknown[], depth: number): void {
    this.text += '[';
    for (const [index, item] of items.entries()) {
      if (this.isFull) return;
      if (index > 0) this.text += ',';
      this.write(item, depth + 1);
    }
    this.text += ']';
  }

  private writeObject(value: object, depth: number): void {
    this.text += '{';
    let isFirst = true;
    for (const [name, field] of Object.entries(value)) {
      if (this.isFull) return;
      this.text += `${isFirst ? '' : ','}${JSON.stringify(name)}:`;
      isFirst = false;
      this.write(field, depth + 1);
    }
    this.text += '}';
  }
}
