import remend from 'remend';

const OPTIONS = { linkMode: 'text-only', inlineKatex: false } as const;

/** Completes what the end of a growing text has only begun, so that no mark or half a table ever shows. */
export function repairEnd(text: string): string {
  return remend(completeTable(text), OPTIONS);
}

/** The head of a table is shown as a table before the line below it has come. */
function completeTable(text: string): string {
  const lines = text.trimEnd().split('\n');
  const [head = '', rule] = lines.slice(-2).length === 2 && isRule(lines.at(-1)) ? lines.slice(-2) : lines.slice(-1);
  if (!/^\|.*\|/.test(head) || (rule === undefined && lines.length > 1)) return text;
  const columns = head.replace(/\|?\s*$/, '').split('|').length - 1;
  const before = lines.slice(0, rule === undefined ? -1 : -2);

  return [...before, head.trimEnd().endsWith('|') ? head : `${head} |`, `|${' --- |'.repeat(columns)}`].join('\n');
}

/** A whole or half line of dashes below the head of a table. */
const isRule = (line: string | undefined) => line !== undefined && /^\|[\s:|-]*$/.test(line);
