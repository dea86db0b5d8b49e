/** Code spans and fences, which keep their backslashes, or one of the marks of maths that models write. */
const MARKS = /(`+)[\s\S]*?\1|\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/g;

/** Writes `\( \)` and `\[ \]` as the `$$` that the parser knows. A single dollar stays money. */
export function withDollarMath(text: string): string {
  if (!text.includes('\\(') && !text.includes('\\[')) return text;

  return text.replace(MARKS, (all: string, _ticks: string, inline?: string, display?: string) => {
    if (inline !== undefined) return `$$${inline.replaceAll('\n', ' ').trim()}$$`;
    if (display !== undefined) return `\n$$\n${display.trim()}\n$$\n`;

    return all;
  });
}
