import 'katex/dist/katex.min.css';
import katex from 'katex';
import { useLayoutEffect, useRef } from 'react';
import classes from './markdown.module.css';

const OPTIONS = { throwOnError: false, trust: false, maxSize: 20, maxExpand: 500 } as const;

/** A formula in TeX. One that cannot be read is shown as it was written. */
export function Formula({ tex, isDisplay }: { tex: string; isDisplay: boolean }) {
  const element = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (element.current) katex.render(tex, element.current, { ...OPTIONS, displayMode: isDisplay });
  }, [tex, isDisplay]);

  return <span ref={element} className={isDisplay ? classes['formula'] : undefined} />;
}
