import { randomBytes } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';

interface Form {
  /** Fields before the file. */
  fields?: Record<string, string | number>;
  name?: string;
  mimeType?: string;
  query?: string;
}

export interface UploadReply {
  status: number;
  body: Record<string, unknown>;
}

/** An upload whose bytes the test sends as it likes. */
export class Uploading {
  readonly reply: Promise<UploadReply>;
  private readonly outgoing: ClientRequest;
  private readonly boundary = randomBytes(8).toString('hex');

  /** @param fileBytes tells the length beforehand; sent in chunks without it */
  constructor(url: string, { fields = {}, name, mimeType = 'text/plain', query = '' }: Form, fileBytes?: number) {
    const texts = Object.entries(fields).map(([field, value]) =>
      this.part(`form-data; name="${field}"`, `${value}\r\n`),
    );
    const file = `form-data; name="file"; filename="${name}"\r\nContent-Type: ${mimeType}`;
    const head = texts.join('') + (name === undefined ? '' : this.part(file, ''));
    const headers = {
      'content-type': `multipart/form-data; boundary=${this.boundary}`,
      ...(fileBytes !== undefined && { 'content-length': Buffer.byteLength(head + this.tail) + fileBytes }),
    };
    this.outgoing = request(`${url}/api/dify/files${query}`, { method: 'POST', headers, agent: false });
    // A server that has refused the file may close the connection while more of it is sent.
    this.outgoing.on('error', () => undefined);
    this.reply = new Promise<IncomingMessage>((resolve, reject) => {
      this.outgoing.once('response', resolve).once('close', () => reject(new Error('no reply to the upload')));
    }).then(async (reply) => ({
      status: reply.statusCode ?? 0,
      body: (await json(reply)) as Record<string, unknown>,
    }));
    this.reply.catch(() => undefined);
    this.outgoing.write(head);
  }

  /** Settles when the bytes have left, or the connection is closed. */
  write(bytes: Buffer | string): Promise<void> {
    return new Promise((resolve) => void this.outgoing.write(bytes, () => resolve()));
  }

  end(): Promise<UploadReply> {
    this.outgoing.end(this.tail);

    return this.reply;
  }

  abort(): void {
    this.outgoing.destroy();
  }

  private get tail(): string {
    return `\r\n--${this.boundary}--\r\n`;
  }

  private part(disposition: string, content: string): string {
    return `--${this.boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n${content}`;
  }
}
