import { type ComponentProps, isValidElement, lazy, type ReactNode, Suspense } from 'react';
import { CodeBlock } from './code-block';

const Formula = lazy(() => import('../formula').then(({ Formula: component }) => ({ default: component })));

/** Code within a line, or maths. */
export function MarkdownCode({ className, children }: ComponentProps<'code'>) {
  const classes = className?.split(' ') ?? [];
  if (!classes.includes('math-inline') && !classes.includes('math-display')) return <code>{children}</code>;
  const tex = textOf(children);

  return (
    <Suspense fallback={<code>{tex}</code>}>
      <Formula tex={tex} isDisplay={classes.includes('math-display')} />
    </Suspense>
  );
}

/** A fence within a list or a quote, or display maths. */
export function MarkdownPre({ children }: ComponentProps<'pre'>) {
  if (!isValidElement<ComponentProps<'code'>>(children)) return <pre>{children}</pre>;
  const { className = '', children: code } = children.props;
  if (className.includes('math-display')) return children;
  const [, language = ''] = /language-(\S+)/.exec(className) ?? [];

  return <CodeBlock code={textOf(code).replace(/\n$/, '')} language={language.toLowerCase()} isOpen={false} />;
}

function textOf(node: ReactNode): string {
  if (typeof node === 'string' || typeof node === 'number') return String(node);

  return Array.isArray(node) ? node.map(textOf).join('') : '';
}
