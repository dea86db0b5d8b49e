import type { MarkdownNode } from './cjk-bold';

const LINE_BREAK = /^<br\s*\/?>$/i;

/** Shows HTML as it was written, and `<br>` as a line break: models use it within the cells of tables. */
export function remarkHtmlAsText(): (tree: MarkdownNode) => void {
  return (tree) => visit(tree, true);
}

function visit(node: MarkdownNode, isBlock: boolean): void {
  if (!node.children) return;
  node.children = node.children.map((child) => (child.type === 'html' ? asText(child, isBlock) : child));
  for (const child of node.children) visit(child, BLOCKS.has(child.type));
}

/** Nodes whose children are blocks. */
const BLOCKS = new Set(['root', 'blockquote', 'listItem', 'footnoteDefinition']);

function asText({ value = '' }: MarkdownNode, isBlock: boolean): MarkdownNode {
  const text: MarkdownNode = LINE_BREAK.test(value.trim()) ? { type: 'break' } : { type: 'text', value };

  return isBlock ? { type: 'paragraph', children: [text] } : text;
}
