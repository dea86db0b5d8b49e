import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
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
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
}

/** An upload whose bytes the test sends as it likes. */
export class Uploading {
  readonly reply: Promise<UploadReply>;
  private readonly outgoing: ClientRequest;
  private readonly boundary = randomBytes(8).toString('hex');

  /** @param length of the whole body; sent in chunks without one */
  constructor(url: string, { fields = {}, name, mimeType = 'text/plain', query = '' }: Form, length?: number) {
    const headers = {
      'content-type': `multipart/form-data; boundary=${this.boundary}`,
      ...(length !== undefined && { 'content-length': String(length) }),
    };
    this.outgoing = request(`${url}/api/dify/files${query}`, { method: 'POST', headers, agent: false });
    // A server that has refused the file may close the connection while more of it is sent.
    this.outgoing.on('error', () => undefined);
    this.reply = once(this.outgoing, 'response').then(async ([reply]) => ({
      status: reply.statusCode,
      headers: reply.headers,
      body: (await json(reply)) as Record<string, unknown>,
    }));
    this.reply.catch(() => undefined);
    for (const [field, value] of Object.entries(fields)) {
      this.outgoing.write(this.part(`form-data; name="${field}"`) + `${value}\r\n`);
    }
    if (name !== undefined) {
      this.outgoing.write(this.part(`form-data; name="file"; filename="${name}"\r\nContent-Type: ${mimeType}`));
    }
  }

  /** Waits while the server does not read. */
  async write(bytes: Buffer | string): Promise<void> {
    if (!this.outgoing.write(bytes) && !this.outgoing.destroyed) {
      await Promise.race([once(this.outgoing, 'drain'), once(this.outgoing, 'close')]);
    }
  }

  end(): Promise<UploadReply> {
    this.outgoing.end(`\r\n--${this.boundary}--\r\n`);

    return this.reply;
  }

  abort(): void {
    this.outgoing.destroy();
  }

  get isOpen(): boolean {
    return !this.outgoing.destroyed;
  }

  private part(disposition: string): string {
    return `--${this.boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n`;
  }
}
