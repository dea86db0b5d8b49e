/** Pieces joined at a time: bounds the depth of the engine's concatenation tree, which costs memory per piece. */
const JOIN_AT = 128;

/** Collects text that arrives in small pieces, at a small constant cost per piece. */
export class TextAccumulator {
  private text = '';
  private pieces: string[] = [];
  /** Characters (UTF-16 units) so far. */
  length = 0;

  append(piece: string): void {
    this.length += piece.length;
    this.pieces.push(piece);
    if (this.pieces.length >= JOIN_AT) this.compact();
  }

  replace(text: string): void {
    this.text = text;
    this.length = text.length;
    this.pieces = [];
  }

  toString(): string {
    this.compact();

    return this.text;
  }

  private compact(): void {
    if (this.pieces.length === 0) return;
    this.text = this.text === '' ? this.pieces.join('') : this.text + this.pieces.join('');
    this.pieces = [];
  }
}
