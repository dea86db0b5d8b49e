/** What a plugin needs of the nodes of markdown. */
export interface MarkdownNode {
  type: string;
  value?: string;
  children?: MarkdownNode[];
}

const CJK = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u3000-\u303f\u201c\u201d\u2018\u2019]/;

/**
 * Marks `**bold**` beside Chinese, Japanese and Korean punctuation as bold, which CommonMark leaves as asterisks: its
 * rule asks for a space that these scripts do not write.
 */
export function remarkCjkBold(): (tree: MarkdownNode) => void {
  return visit;
}

function visit(node: MarkdownNode): void {
  if (!node.children) return;
  node.children.forEach(visit);
  if (node.children.some(({ type, value }) => type === 'text' && value?.includes('**'))) {
    node.children = withBold(node.children);
  }
}

/** Text between marks, the marks themselves, and the nodes that stand between texts. */
function partsOf(children: readonly MarkdownNode[]): MarkdownNode[] {
  return children.flatMap((child) => {
    if (child.type !== 'text' || !child.value?.includes('**')) return [child];

    return child.value
      .split(/(\*\*)/)
      .filter((value) => value !== '')
      .map((value) => ({ type: value === '**' ? 'mark' : 'text', value }));
  });
}

function withBold(children: readonly MarkdownNode[]): MarkdownNode[] {
  const parts = partsOf(children);
  const nodes: MarkdownNode[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at];
    if (!part) break;
    const end = part.type === 'mark' ? closingMark(parts, at) : -1;
    if (end > at) {
      nodes.push({ type: 'strong', children: parts.slice(at + 1, end) });
      at = end;
    } else nodes.push(part.type === 'mark' ? { type: 'text', value: '**' } : part);
  }

  return nodes;
}

function closingMark(parts: readonly MarkdownNode[], open: number): number {
  if (/^\s/.test(edge(parts[open + 1], 'start'))) return -1;
  const end = parts.findIndex(({ type }, index) => index > open + 1 && type === 'mark');
  if (end === -1 || /\s$/.test(edge(parts[end - 1], 'end'))) return -1;
  const around = [parts[open - 1], parts[end - 1]].map((part) => edge(part, 'end'));
  around.push(...[parts[open + 1], parts[end + 1]].map((part) => edge(part, 'start')));

  return around.some((character) => CJK.test(character)) ? end : -1;
}

function edge(part: MarkdownNode | undefined, side: 'start' | 'end'): string {
  const value = part?.value ?? '';

  return side === 'start' ? value.charAt(0) : value.charAt(value.length - 1);
}
