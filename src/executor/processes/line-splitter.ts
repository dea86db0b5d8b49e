import { StringDecoder } from 'node:string_decoder';

/** Splits a stream of bytes into lines, with bounded memory: a line that is too long is skipped as a whole. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private pieces: string[] = [];
  private length = 0;
  private isSkipping = false;

  /** @param maxLength of a line, in UTF-16 units @param onSkipped called when a line is given up */
  constructor(
    private readonly onLine: (line: string) => void,
    private readonly maxLength: number,
    private readonly onSkipped: () => void,
  ) {}

  write(chunk: Buffer): void {
    const [first = '', ...rest] = this.decoder.write(chunk).split('\n');
    this.collect(first);
    for (const piece of rest) {
      this.endLine();
      this.collect(piece);
    }
  }

  /** Passes on what stands behind the last line end. */
  end(): void {
    this.collect(this.decoder.end());
    this.endLine();
  }

  private collect(piece: string): void {
    if (this.isSkipping || piece === '') return;
    this.pieces.push(piece);
    this.length += piece.length;
    if (this.length <= this.maxLength) return;
    this.isSkipping = true;
    this.clear();
    this.onSkipped();
  }

  private endLine(): void {
    const line = this.pieces.join('').replace(/\r$/, '');
    this.isSkipping = false;
    this.clear();
    if (line.trim() !== '') this.onLine(line);
  }

  private clear(): void {
    this.pieces = [];
    this.length = 0;
  }
}
