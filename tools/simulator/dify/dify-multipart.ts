// Reads multipart bodies as they come: the bytes of the file are counted and hashed, never kept.
import { createHash, type Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const MAX_FIELD_BYTES = 64 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');

/** One file of a multipart body. */
export interface MultipartFile {
  field: string;
  name: string;
  type: string;
  size: number;
  sha256: string;
}

/** What a multipart body brought. */
export interface MultipartBody {
  fields: Record<string, string>;
  files: MultipartFile[];
  /** Whether the closing boundary arrived. */
  complete: boolean;
}

interface Part {
  field: string;
  name: string | undefined;
  type: string;
  size: number;
  hash: Hash;
  text: Buffer[];
}

/** Splits a stream of bytes at the boundary. */
class MultipartReader {
  readonly body: MultipartBody = { fields: {}, files: [], complete: false };
  private rest: Buffer = Buffer.from('\r\n');
  private readonly boundary: Buffer;
  private part: Part | null = null;
  private inHead = false;

  constructor(boundary: string) {
    this.boundary = Buffer.from(`\r\n--${boundary}`);
  }

  push(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    while (!this.body.complete && (this.inHead ? this.readHead() : this.readContent()));
  }

  private readHead(): boolean {
    if (this.rest.length < 2) return false;
    if (this.rest.subarray(0, 2).equals(Buffer.from('--'))) {
      this.body.complete = true;
      return false;
    }
    const end = this.rest.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = this.rest.subarray(0, end).toString('utf8');
    this.part = {
      field: /name="([^"]*)"/i.exec(head)?.[1] ?? '',
      name: /filename="([^"]*)"/i.exec(head)?.[1],
      type: /content-type: *([^\r\n;]+)/i.exec(head)?.[1] ?? 'application/octet-stream',
      size: 0,
      hash: createHash('sha256'),
      text: [],
    };
    this.rest = this.rest.subarray(end + HEAD_END.length);
    this.inHead = false;
    return true;
  }

  private readContent(): boolean {
    const at = this.rest.indexOf(this.boundary);
    if (at < 0) {
      // The boundary may have begun in what is there.
      const sure = Math.max(0, this.rest.length - this.boundary.length);
      this.append(this.rest.subarray(0, sure));
      this.rest = this.rest.subarray(sure);
      return false;
    }
    this.append(this.rest.subarray(0, at));
    this.rest = this.rest.subarray(at + this.boundary.length);
    this.finishPart();
    this.inHead = true;
    return true;
  }

  private append(bytes: Buffer): void {
    if (!this.part || bytes.length === 0) return;
    this.part.size += bytes.length;
    if (this.part.name !== undefined) this.part.hash.update(bytes);
    else if (this.part.size <= MAX_FIELD_BYTES) this.part.text.push(Buffer.from(bytes));
  }

  private finishPart(): void {
    const { part } = this;
    if (!part) return;
    const { field, name, type, size } = part;
    if (name === undefined) this.body.fields[field] = Buffer.concat(part.text).toString('utf8');
    else this.body.files.push({ field, name, type, size, sha256: part.hash.digest('hex') });
    this.part = null;
  }
}

/** The boundary that a content type names. */
export function boundaryOf(contentType = ''): string | undefined {
  const found = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Reads a whole multipart body; `onBytes` receives the size of each piece. Rejects when the client hangs up. */
export async function readMultipart(
  req: IncomingMessage,
  boundary: string,
  onBytes: (count: number) => void,
): Promise<MultipartBody> {
  const reader = new MultipartReader(boundary);
  for await (const bytes of req as AsyncIterable<Buffer>) {
    onBytes(bytes.length);
    reader.push(bytes);
  }
  return reader.body;
}
