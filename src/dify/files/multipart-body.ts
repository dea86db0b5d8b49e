import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

export interface OutgoingFile {
  name: string;
  mimeType: string;
  content: AsyncIterable<Buffer>;
}

export interface MultipartBody {
  /** Names the boundary. */
  contentType: string;
  body: Readable;
}

/** A form with some texts and a file, which is read while it is sent. */
export function multipartBody(fields: Readonly<Record<string, string>>, file: OutgoingFile): MultipartBody {
  const boundary = `conch-${randomUUID()}`;
  const texts = Object.entries(fields).map(([name, value]) =>
    part(boundary, `form-data; name="${quoted(name)}"`, null, `${value}\r\n`),
  );
  const disposition = `form-data; name="file"; filename="${quoted(file.name)}"`;
  const head = texts.join('') + part(boundary, disposition, file.mimeType, '');
  async function* bytes(): AsyncGenerator<Buffer> {
    yield Buffer.from(head, 'utf8');
    yield* file.content;
    yield Buffer.from(`\r\n--${boundary}--\r\n`, 'utf8');
  }

  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Readable.from(bytes(), { objectMode: false }),
  };
}

function part(boundary: string, disposition: string, type: string | null, content: string): string {
  const typeLine = type === null ? '' : `Content-Type: ${oneLine(type)}\r\n`;

  return `--${boundary}\r\nContent-Disposition: ${disposition}\r\n${typeLine}\r\n${content}`;
}

/** As browsers quote names of files, so that none of them can add a line of its own. */
function quoted(text: string): string {
  return text.replace(/[\r\n"]/g, (character) => encodeURIComponent(character));
}

function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '');
}
