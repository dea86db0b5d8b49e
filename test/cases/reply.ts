/** Writes the reply of a case byte by byte onto a socket. */
import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CASES_DIR, type Piece, type Served } from './case.js';

/** Between the parts of a body that is sent in parts. */
const PART_MS = 3;
const OWN_FRAMING = /^(content-length|transfer-encoding)$/i;

/** A reply with its framing: chunked, unless its headers say otherwise or it is raw. */
class Reply {
  private readonly isChunked: boolean;

  constructor(
    private readonly socket: Socket,
    private readonly served: Served,
  ) {
    this.isChunked = !served.raw && !Object.keys(this.headers).some((name) => OWN_FRAMING.test(name));
  }

  private get headers(): Record<string, string> {
    return this.served.headers ?? { 'content-type': 'text/event-stream' };
  }

  head(): void {
    const { status = 200, raw } = this.served;
    if (raw) return;
    const framing = this.isChunked ? { 'transfer-encoding': 'chunked' } : {};
    const lines = Object.entries({ ...this.headers, ...framing, connection: 'close' });
    const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.write(Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Status'}\r\n${text}\r\n`, 'latin1'));
  }

  async body(bytes: Buffer): Promise<void> {
    const size = this.served.bytesPerWrite ?? Math.max(bytes.length, 1);
    for (let start = 0; start < bytes.length; start += size) {
      if (start > 0) await sleep(PART_MS);
      this.chunk(bytes.subarray(start, start + size));
    }
  }

  /** Ends as the last piece says. */
  end(close: NonNullable<Piece['close']>): void {
    if (close === 'open' || this.socket.destroyed) return;
    if (close === 'reset') this.socket.resetAndDestroy();
    else if (close === 'end' && this.isChunked) this.socket.end('0\r\n\r\n');
    else this.socket.end();
  }

  private chunk(bytes: Buffer): void {
    if (!this.isChunked) return this.write(bytes);
    this.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
  }

  private write(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }
}

/** Sends what a case serves; resolves when all is sent, or the client has gone. */
export async function sendReply(socket: Socket, served: Served): Promise<void> {
  const pieces = served.chunks ?? [served];
  const reply = new Reply(socket, served);
  reply.head();
  for (const piece of pieces) {
    if (piece.delayMs) await sleep(piece.delayMs);
    await reply.body(bytesOf(piece));
  }
  if (served.repeat) {
    const bytes = Buffer.from(served.repeat.data);
    while (!socket.destroyed) {
      await sleep(served.repeat.everyMs);
      await reply.body(bytes);
    }
  }
  reply.end(pieces.at(-1)?.close ?? served.close ?? 'end');
}

function bytesOf({ file, data = '', base64 }: Piece): Buffer {
  if (file !== undefined) return readFileSync(join(CASES_DIR, file));

  return base64 === undefined ? Buffer.from(data) : Buffer.from(base64, 'base64');
}
