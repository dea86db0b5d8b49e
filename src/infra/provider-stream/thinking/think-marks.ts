/** Marks around the reasoning of models whose servers have no reasoning parser. */

/** A mark at the beginning of a text. */
export interface Mark {
  /** As it was written. */
  text: string;
  /** What ends the block that it opens; null when it is a closing mark itself. */
  close: CloseMark | null;
}

/** What ends a block of reasoning. Compared without regard to case. */
export interface CloseMark {
  pattern: RegExp;
  /** In lower case; the longest form when there are several. */
  text: string;
}

/** No mark, nor the beginning of one, is longer. */
const MAX_MARK_LENGTH = 600;
/** Characters with which a mark begins. */
export const MARK_START = /[<◁[]/;

/** `<think>`, `<thinking>`, `<Thought>`, `<reasoning>`, `<seed:think>`, `<longcat_think>` … with or without attributes. */
const TAG = /^<([\w:.-]{0,24}(?:think|thought|reason)[\w:.-]{0,24})(?:\s[^<>]{0,80})?>/i;
const TAG_BEGIN = /^<(?:[\w:.-]{0,56}|[\w:.-]{0,24}(?:think|thought|reason)[\w:.-]{0,24}\s[^<>]{0,80})$/i;
const CLOSING_TAG = /^(?:<\/[\w:.-]{0,24}(?:think|thought|reason)[\w:.-]{0,24}>|◁\/think▷|\[\/THINK\])/i;
const CLOSING_TAG_BEGIN = /^(?:<(?:\/[\w:.-]{0,56})?|◁(?:\/[a-z]{0,5})?|\[(?:\/[A-Z]{0,5})?)$/i;
/** Any closing tag, for reasoning whose opening tag the chat template has put into the prompt. */
const ANY_CLOSE: CloseMark = {
  pattern: /<\/[\w:.-]{0,24}(?:think|thought|reason)[\w:.-]{0,24}>|◁\/think▷|\[\/THINK\]/i,
  text: '</reasoning>',
};

/** Moonshot, Mistral, OpenThinker, Cohere, Gemma, MedGemma, Pangu and Apertus. */
const PAIRS = [
  ['◁think▷', '◁/think▷'],
  ['[THINK]', '[/THINK]'],
  ['<|begin_of_thought|>', '<|end_of_thought|>'],
  ['<|START_THINKING|>', '<|END_THINKING|>'],
  ['<|channel>thought', '<channel|>'],
  ['<unused94>thought', '<unused95>'],
  ['[unused16]', '[unused17]'],
  ['<|inner_prefix|>', '<|inner_suffix|>'],
] as const;
/** Dify's and Open WebUI's older way, rendered for a browser. */
const DETAILS = /^<details\b[^<>]{0,300}>\s*<summary>[^<]{0,20}(?:think|thought|reason)[^<]{0,80}<\/summary>/i;
const DETAILS_BEGIN = /^<details\b[^<>]{0,300}(?:>\s*(?:<[a-z]{0,7}|<summary>[^<]{0,100}(?:<[/a-z]{0,8})?)?)?$/i;

/** Finds the mark with which a text begins. `partial` when more text decides, null when there is none. */
export function markOf(whole: string): Mark | 'partial' | null {
  const text = whole.slice(0, MAX_MARK_LENGTH);
  const tag = TAG.exec(text);
  if (tag) return { text: tag[0], close: closeOf(`</${tag[1] ?? ''}>`) };
  const details = DETAILS.exec(text);
  if (details) return { text: details[0], close: closeOf('</details>') };
  const closing = CLOSING_TAG.exec(text);
  if (closing) return { text: closing[0], close: null };
  const lower = text.toLowerCase();
  for (const [open, close] of PAIRS) {
    if (lower.startsWith(open.toLowerCase())) return { text: text.slice(0, open.length), close: closeOf(close) };
  }
  const begins = [TAG_BEGIN, DETAILS_BEGIN, CLOSING_TAG_BEGIN].some((pattern) => pattern.test(text));

  return begins || PAIRS.some(([open]) => open.toLowerCase().startsWith(lower)) ? 'partial' : null;
}

/** The end of reasoning that has no opening mark. */
export const unopenedClose = (): CloseMark => ANY_CLOSE;

/** Returns how many characters at the end of `text` may be the beginning of a closing mark. */
export function partialClose(text: string, { text: close }: CloseMark): number {
  const first = close.charAt(0);
  for (let at = Math.max(0, text.length - 60); at < text.length; at++) {
    const char = text.charAt(at);
    if (char !== first && !MARK_START.test(char)) continue;
    const rest = text.slice(at).toLowerCase();
    if (close.startsWith(rest) || CLOSING_TAG_BEGIN.test(rest)) return rest.length;
  }

  return 0;
}

/** Whether an opening mark behind a text opens a block: at the beginning of a line or behind a sentence, not in code. */
export function opensBlock(before: string): boolean {
  return /(?:^|\n[ \t]*|[.!?…。！？])$/.test(before) && !isInCode(before);
}

/** Whether a closing mark without an opening one ends reasoning: a word has blanks or punctuation around it. */
export function closesAlone(before: string, next: string): boolean {
  const follows = /(?:^|\n[ \t]*|[.!?…。！？]\s+|[^\s"'`“‘([])$/.test(before);

  return follows && !/[,.;:!?)"'`”’]/.test(next) && !isInCode(before);
}

/** Whether the end of a Markdown text stands inside of a code block or of inline code. */
function isInCode(text: string): boolean {
  const fences = text.match(/^[ \t]*(?:```|~~~)/gm)?.length ?? 0;
  if (fences % 2 === 1) return true;
  const line = text.slice(text.lastIndexOf('\n') + 1);

  return (line.match(/`/g)?.length ?? 0) % 2 === 1;
}

function closeOf(close: string): CloseMark {
  const escaped = close.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

  return { pattern: new RegExp(escaped, 'i'), text: close.toLowerCase() };
}

/** Whether more text decides what a mark is, as does the character behind a closing one. @param rest begins with it */
export function isUndecided(rest: string, mark: ReturnType<typeof markOf>): boolean {
  return mark === 'partial' || (mark !== null && mark.close === null && mark.text.length === rest.length);
}
