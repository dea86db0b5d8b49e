import { lazy } from 'react';
import { LazyPart } from '../../../ui/problems/lazy-part';
import classes from './markdown.module.css';

/** The readers of markdown load beside the page, so that a question can be written before they are there. */
const loading = import('./markdown-blocks').then(({ MarkdownBlocks }) => ({ default: MarkdownBlocks }));
loading.catch(() => undefined);
const Blocks = lazy(() => loading);

interface Props {
  text: string;
  /** Whether text is still added. */
  isGrowing?: boolean;
}

/** A text in markdown; as it was written until its readers have loaded. */
export function MarkdownText({ text, isGrowing = false }: Props) {
  return (
    <LazyPart fallback={<div className={`${classes['text'] ?? ''} ${classes['plain'] ?? ''}`}>{text}</div>}>
      <Blocks text={text} isGrowing={isGrowing} />
    </LazyPart>
  );
}
