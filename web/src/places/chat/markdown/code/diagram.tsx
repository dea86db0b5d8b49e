import mermaid from 'mermaid';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './code-block.module.css';

const MAX_CHARS = 20_000;

/** A Mermaid diagram, as an image that no script can run in. Text that is no diagram stays code. */
export function Diagram({ code, fallback }: { code: string; fallback: ReactNode }) {
  const { t } = useTranslation('chat');
  const id = useId().replace(/\W/g, '');
  const scheme = useComputedColorScheme('light');
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    let made: string | null = null;
    const draw = async () => {
      if (code.length > MAX_CHARS) return;
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme: scheme === 'dark' ? 'dark' : 'neutral',
        htmlLabels: false,
      });
      if (!(await mermaid.parse(code, { suppressErrors: true }))) return;
      const { svg } = await mermaid.render(`diagram-${id}-${scheme}`, code);
      if (!isCurrent) return;
      made = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
      setAddress(made);
    };
    draw().catch(() => setAddress(null));

    return () => {
      isCurrent = false;
      if (made) URL.revokeObjectURL(made);
    };
  }, [code, id, scheme]);
  if (!address) return fallback;

  return <img src={address} alt={t('markdown.diagram')} className={classes['diagram']} />;
}
