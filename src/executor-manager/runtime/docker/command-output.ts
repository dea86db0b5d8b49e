const HEADER_BYTES = 8;
/** Offset of the length in a header. */
const LENGTH_AT = 4;

/**
 * Reads what the engine sends of a program's two outputs: frames with a header of eight bytes (kind, three zeros,
 * length in big-endian), cut anywhere by the network. Both outputs are passed on as one.
 */
export class Demultiplexer {
  private header = Buffer.alloc(0);
  private missing = 0;

  constructor(private readonly onPart: (part: Buffer) => void) {}

  /** Reads the next bytes and passes the payload on. */
  write(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) {
      rest = this.missing > 0 ? this.readBody(rest) : this.readHeader(rest);
    }
  }

  private readHeader(chunk: Buffer): Buffer {
    const wanted = HEADER_BYTES - this.header.length;
    this.header = Buffer.concat([this.header, chunk.subarray(0, wanted)]);
    if (this.header.length === HEADER_BYTES) {
      this.missing = this.header.readUInt32BE(LENGTH_AT);
      this.header = Buffer.alloc(0);
    }

    return chunk.subarray(wanted);
  }

  private readBody(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.missing);
    this.missing -= part.length;
    this.onPart(part);

    return chunk.subarray(part.length);
  }
}
