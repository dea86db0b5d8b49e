import { lazy } from 'react';
import { LazyPart } from '../../../ui/problems/lazy-part';
import classes from './markdown.module.css';

const load = () => import('./markdown-blocks').then(({ MarkdownBlocks }) => ({ default: MarkdownBlocks }));
const Blocks = lazy(load);

/** Loads the readers of markdown before there is an answer to read; when that fails, the answer loads them. */
export const preloadMarkdown = () => void load().catch(() => undefined);

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
