/** Keeps the first and the last bytes of what a program prints, whatever it prints. */
export class TextRingBuffer {
  private head = Buffer.alloc(0);
  private tail = Buffer.alloc(0);
  private skipped = 0;
  private written = 0;

  /** @param half bytes kept of the beginning, and of the end */
  constructor(private readonly half: number) {}

  /** Number of bytes that were added. */
  get bytes(): number {
    return this.written;
  }

  /** Appends output. */
  add(chunk: Buffer): void {
    this.written += chunk.length;
    const room = this.half - this.head.length;
    if (room > 0) this.head = Buffer.concat([this.head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(room, 0));
    if (rest.length === 0) return;
    const joined = Buffer.concat([this.tail, rest.subarray(-this.half)]);
    this.skipped += this.tail.length + rest.length - Math.min(joined.length, this.half);
    this.tail = joined.subarray(-this.half);
  }

  /** As UTF-8; what is none is replaced by U+FFFD, as are NUL characters, which no database stores. */
  toString(): string {
    const gap = this.skipped > 0 ? `\n… ${this.skipped} bytes …\n` : '';
    const parts = this.skipped > 0 ? [this.head, this.tail] : [Buffer.concat([this.head, this.tail])];

    return parts
      .map((part) => part.toString('utf8'))
      .join(gap)
      .replaceAll('\0', '\uFFFD');
  }
}
