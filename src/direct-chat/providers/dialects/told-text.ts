import { TextAccumulator } from '../../../common/text/text-accumulator.js';

/** A shorter beginning is no sign that texts repeat each other. */
const MIN_SIGN_LENGTH = 4;
/** A shorter answer may end in a piece that is like all of it. */
const MIN_REPEATED_LENGTH = 8;

/** What a piece adds: text to append, or the whole text so far, in place of it. */
export type Told = { append: string } | { replace: string };

const NOTHING: Told = { append: '' };

/**
 * The text that was told so far, of one kind. Some servers tell the text so far in every piece, and some repeat all of it
 * at the end.
 */
export class ToldText {
  private readonly told = new TextAccumulator();
  private pieces = 0;
  private last = '';
  private mode: 'unknown' | 'pieces' | 'wholes' = 'unknown';

  /** Characters so far. */
  get length(): number {
    return this.told.length;
  }

  /** Adds the text of a delta. */
  add(piece: string): Told {
    // Most pieces are shorter than the text before them, and tell something new.
    if (this.mode === 'pieces' && (piece.length < this.length || this.pieces < 2)) return this.append(piece);

    return this.addLong(piece);
  }

  /** Adds a text that repeats what was told, in whole or as a part of itself. @returns null when it does not repeat it */
  addWhole(whole: string): Told | null {
    const text = this.told.toString();
    if (text === '') return this.append(whole);
    const rest = beyond(whole, text) ?? beyond(whole.trim(), text.trim());
    if (rest !== null) return rest === '' ? NOTHING : this.append(rest);

    return text.trim().startsWith(whole.trim()) ? NOTHING : null;
  }

  private addLong(piece: string): Told {
    if (this.mode === 'pieces') return this.isRepeated(piece) ? NOTHING : this.append(piece);
    const { last } = this;
    this.last = piece;
    if (this.pieces === 0) return this.append(piece);
    const isLonger = piece.length > last.length && piece.startsWith(last);
    if (this.mode === 'wholes') return isLonger ? this.append(piece.slice(last.length)) : this.stay(piece, last);
    if (isLonger) return this.onLonger(piece, last);
    this.mode = 'pieces';

    return this.add(piece);
  }

  private isRepeated(piece: string): boolean {
    return piece.length >= MIN_REPEATED_LENGTH && piece.trim() === this.told.toString().trim();
  }

  /** Three pieces that extend each other are no chance, nor are two with words. */
  private onLonger(piece: string, last: string): Told {
    const isFirst = this.pieces === 1;
    if (isFirst && (last.match(/\p{L}/gu)?.length ?? 0) < MIN_SIGN_LENGTH) return this.append(piece);
    this.mode = 'wholes';
    if (isFirst) return this.append(piece.slice(last.length));
    this.told.replace(piece);

    return { replace: piece };
  }

  /** The same text once more is nothing new; another one is a piece. */
  private stay(piece: string, last: string): Told {
    if (last.startsWith(piece)) {
      this.last = last;

      return NOTHING;
    }

    return this.append(piece);
  }

  private append(piece: string): Told {
    this.told.append(piece);
    this.pieces += 1;

    return { append: piece };
  }
}

function beyond(whole: string, known: string): string | null {
  return whole.startsWith(known) ? whole.slice(known.length) : null;
}
