import { memo, useState } from 'react';
import { BlockSplitter, type Block } from './text/block-splitter';
import { BlockBoundary } from './block-boundary';
import { CodeBlock } from './code/code-block';
import { MarkdownBlock } from './markdown-block';
import classes from './markdown.module.css';

/** Definitions of links and footnotes work across blocks: such a text is read as one when it is complete. */
const NEEDS_WHOLE = /^ {0,3}\[[^\]\n]+\]:/m;
const MAX_WHOLE_CHARS = 60_000;

/** An answer in markdown. While it grows, only its end is read again. */
export const MarkdownBlocks = memo(function MarkdownBlocks({
  text,
  isGrowing = false,
}: {
  text: string;
  isGrowing?: boolean;
}) {
  const [splitter] = useState(() => new BlockSplitter());
  const blocks = splitter.update(text);
  const isWhole = !isGrowing && text.length <= MAX_WHOLE_CHARS && NEEDS_WHOLE.test(text);
  const shown: readonly Block[] = isWhole ? [{ kind: 'markdown', text }] : blocks;

  return (
    <div className={classes['text']} data-growing={isGrowing || undefined}>
      {shown.map((block, index) => (
        <BlockView
          key={`${block.kind}${index}`}
          kind={block.kind}
          text={block.text}
          language={block.kind === 'code' ? block.language : ''}
          isOpen={isGrowing && index === shown.length - 1}
        />
      ))}
    </div>
  );
});

interface BlockViewProps {
  kind: Block['kind'];
  text: string;
  language: string;
  /** Whether text may still be added to it. */
  isOpen: boolean;
}

const BlockView = memo(function BlockView({ kind, text, language, isOpen }: BlockViewProps) {
  return (
    <BlockBoundary text={text}>
      {kind === 'code' && <CodeBlock code={text} language={language} isOpen={isOpen} />}
      {kind === 'markdown' && <MarkdownBlock text={text} isOpen={isOpen} />}
      {kind === 'plain' && <div className={classes['plain']}>{text}</div>}
    </BlockBoundary>
  );
});
