import { memo, useEffect, useState } from 'react';
import classes from './code-block.module.css';

/** One colour of a line; the text stays what was written. */
export interface CodeToken {
  content: string;
  style: Record<string, string>;
}

interface Highlighted {
  code: string;
  lines: readonly (readonly CodeToken[])[];
}

const MAX_CHARS = 50_000;
const MAX_OPEN_CHARS = 8_000;
const STEP_CHARS = 200;

/** Code in colours, once they have loaded. Text that has come since is shown plain at once. */
export const HighlightedCode = memo(function HighlightedCode(props: {
  code: string;
  language: string;
  isOpen: boolean;
}) {
  const { code } = props;
  const highlighted = useHighlighted(props);
  const isPrefix = highlighted !== null && code.startsWith(highlighted.code);

  return (
    <pre className={classes['code']} tabIndex={0}>
      <code>
        {isPrefix ? <ColouredLines lines={highlighted.lines} /> : null}
        {isPrefix ? code.slice(highlighted.code.length) : code}
      </code>
    </pre>
  );
});

const ColouredLines = memo(function ColouredLines({ lines }: { lines: Highlighted['lines'] }) {
  return lines.map((line, index) => (
    <span key={index}>
      {index > 0 && '\n'}
      {line.map(({ content, style }, at) => (
        <span key={at} className={classes['token']} style={style}>
          {content}
        </span>
      ))}
    </span>
  ));
});

function useHighlighted({ code, language, isOpen }: { code: string; language: string; isOpen: boolean }) {
  const [highlighted, setHighlighted] = useState<Highlighted | null>(null);
  const isWanted = language !== '' && code.length <= (isOpen ? MAX_OPEN_CHARS : MAX_CHARS);
  // While code grows it is coloured once for every STEP_CHARS characters.
  const wanted = isOpen ? code.slice(0, code.length - (code.length % STEP_CHARS)) : code;
  useEffect(() => {
    if (!isWanted || wanted === '') return undefined;
    let isCurrent = true;
    void highlight(wanted, language).then((lines) => {
      if (isCurrent && lines) setHighlighted({ code: wanted, lines });
    });

    return () => {
      isCurrent = false;
    };
  }, [wanted, language, isWanted]);

  return highlighted;
}

/** Null where the colours cannot be loaded: the code is readable without. */
async function highlight(code: string, language: string): Promise<CodeToken[][] | null> {
  try {
    const { colourCode } = await import('./highlighter');

    return await colourCode(code, language);
  } catch {
    return null;
  }
}
