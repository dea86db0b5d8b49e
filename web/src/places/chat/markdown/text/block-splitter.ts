import { Lexer, type Token } from 'marked';
import { isTooDeep } from './plain-text';

/** A piece of markdown that is rendered by itself. */
export type Block =
  | { kind: 'markdown'; text: string }
  /** A fence; it is `closed` when its last line has come. */
  | { kind: 'code'; text: string; language: string; isClosed: boolean }
  /** Shown as it is: markdown that would cost too much to read. */
  | { kind: 'plain'; text: string };

/** Text may still change these many blocks at the end: a list goes on after a blank line. */
const OPEN_BLOCKS = 2;
const MAX_MARKDOWN_CHARS = 60_000;

/**
 * Splits an answer that grows into blocks. Blocks that can no longer change are kept, so that each update reads only
 * the end of the text. The split of a text does not depend on the pieces in which it came.
 */
export class BlockSplitter {
  private frozen: Block[] = [];
  private frozenText = '';

  /** @param source the whole text so far; a text that does not continue the one before begins anew */
  update(source: string): readonly Block[] {
    const text = withUnixLines(source);
    if (!text.startsWith(this.frozenText)) this.reset();
    const pieces = mergeMath(rawPieces(text.slice(this.frozenText.length)));
    const settled = Math.max(0, pieces.length - OPEN_BLOCKS);
    for (const piece of pieces.splice(0, settled)) {
      this.frozenText += piece.raw;
      this.frozen = [...this.frozen, ...toBlocks(piece)];
    }

    return [...this.frozen, ...pieces.flatMap(toBlocks)];
  }

  private reset(): void {
    this.frozen = [];
    this.frozenText = '';
  }
}

/** The blocks of a text that is complete. */
export const splitBlocks = (text: string): readonly Block[] => new BlockSplitter().update(text);

interface Piece {
  raw: string;
  type: string;
  language: string;
  code: string;
}

const withUnixLines = (text: string) => (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text);

function rawPieces(text: string): Piece[] {
  if (isTooDeep(text)) return [toPiece({ type: 'plain', raw: text })];
  const pieces: Piece[] = [];
  for (const token of tokensOf(text)) {
    const last = pieces.at(-1);
    // Blank lines belong to the block before them.
    if (token.type === 'space' && last) last.raw += token.raw;
    else pieces.push(toPiece(token));
  }

  return pieces;
}

/** Nesting beyond what the lexer can follow is shown as it is. */
function tokensOf(text: string): Pick<Token, 'type' | 'raw'>[] {
  try {
    // Blocks alone: what stands within them is read when they are shown.
    return new Lexer().blockTokens(text);
  } catch {
    return [{ type: 'plain', raw: text }];
  }
}

function toPiece(token: Pick<Token, 'type' | 'raw'> & { lang?: string; text?: string }): Piece {
  return { raw: token.raw, type: token.type, language: token.lang ?? '', code: token.text ?? '' };
}

/** Display maths may hold blank lines: its paragraphs are joined up to the mark that closes it. */
function mergeMath(pieces: Piece[]): Piece[] {
  const merged: Piece[] = [];
  let closing: string | null = null;
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (closing !== null && last) {
      last.raw += piece.raw;
      if (piece.raw.includes(closing)) closing = null;
      continue;
    }
    merged.push(piece);
    closing = openMath(piece);
  }

  return merged;
}

/** The mark that closes the maths which a paragraph opens; null when it opens none. */
function openMath({ type, raw }: Piece): string | null {
  if (type !== 'paragraph') return null;
  const text = raw.trimStart();
  if (text.startsWith('$$')) return text.indexOf('$$', 2) === -1 ? '$$' : null;
  if (text.startsWith('\\[')) return text.includes('\\]') ? null : '\\]';

  return null;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;

function toBlocks(piece: Piece): Block[] {
  const { raw, type } = piece;
  if (raw.trim() === '') return [];
  const [, fence] = FENCE.exec(raw) ?? [];
  if (type === 'code' && fence !== undefined) {
    return [
      {
        kind: 'code',
        text: piece.code,
        language: (piece.language.split(/[\s{,]/)[0] ?? '').toLowerCase(),
        isClosed: isClosed(raw, fence),
      },
    ];
  }

  return [{ kind: type === 'plain' || raw.length > MAX_MARKDOWN_CHARS ? 'plain' : 'markdown', text: raw }];
}

function isClosed(raw: string, fence: string): boolean {
  const last = raw.trimEnd().split('\n').at(-1)?.trim() ?? '';

  return raw.trimEnd().includes('\n') && last.length >= fence.length && last.replaceAll(fence.charAt(0), '') === '';
}
