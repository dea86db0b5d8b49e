import { IconTextWrap } from '@tabler/icons-react';
import { lazy, memo, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './copy-button';
import { HighlightedCode } from './highlighted-code';
import classes from './code-block.module.css';
import { IconButton } from '../../../../ui/icon-button';

const Diagram = lazy(() => import('./diagram').then(({ Diagram: component }) => ({ default: component })));

interface Props {
  code: string;
  language: string;
  /** Whether lines may still come. */
  isOpen: boolean;
}

/** A fence of code with its language and buttons; a diagram once it is complete. */
export const CodeBlock = memo(function CodeBlock({ code, language, isOpen }: Props) {
  const { t } = useTranslation('chat');
  const [isWrapped, setWrapped] = useState(false);
  const pre = <HighlightedCode code={code} language={language} isOpen={isOpen} />;

  return (
    <figure className={classes['block']} data-wrapped={isWrapped || undefined}>
      <figcaption className={classes['head']}>
        <span>{language || t('markdown.code')}</span>
        <span className={classes['buttons']}>
          <IconButton
            label={t('markdown.wrap')}
            icon={IconTextWrap}
            size="sm"
            aria-pressed={isWrapped}
            onClick={() => setWrapped(!isWrapped)}
          />
          <CopyButton text={code} label={t('markdown.copyCode')} />
        </span>
      </figcaption>
      {language === 'mermaid' && !isOpen ? (
        <Suspense fallback={pre}>
          <Diagram code={code} fallback={pre} />
        </Suspense>
      ) : (
        pre
      )}
    </figure>
  );
});
