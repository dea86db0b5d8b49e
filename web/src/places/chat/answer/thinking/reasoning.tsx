import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerPart } from '../../../../stream/answer/answer-state';
import { formatDuration, formatSeconds } from '../../../../ui/format';
import { MarkdownText } from '../../markdown/markdown-text';
import { lastLine } from '../answer-numbers';
import { useNow } from '../../../../ui/use-now';
import classes from '../answer.module.css';

/** The reasoning of a model: one line that the reader may open. It stays as the reader has left it. */
export function Reasoning({ part, isRunning }: { part: AnswerPart; isRunning: boolean }) {
  const { t } = useTranslation('chat');
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const isThinking = isRunning && part.content === '';

  return (
    <section className={classes['reasoning']}>
      <UnstyledButton
        className={classes['fold']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <IconChevronRight size={16} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        <ReasoningTime part={part} isThinking={isThinking} />
        {isThinking && !isOpen && <span className={classes['lastLine']}>{lastLine(part.reasoning)}</span>}
      </UnstyledButton>
      <div id={id} hidden={!isOpen} className={classes['reasoningText']} aria-label={t('reasoning.label')}>
        {isOpen && <MarkdownText text={part.reasoning} isGrowing={isThinking} />}
      </div>
    </section>
  );
}

function ReasoningTime({ part, isThinking }: { part: AnswerPart; isThinking: boolean }) {
  const { t } = useTranslation('chat');
  const now = useNow(isThinking ? 1000 : null);
  if (isThinking) {
    const ms = part.reasoningSince === null ? 0 : Math.max(0, now - part.reasoningSince);

    return <span>{t('reasoning.running', { time: formatSeconds(Math.floor(ms / 1000)) })}</span>;
  }

  return (
    <span>
      {part.reasoningMs === null
        ? t('reasoning.done')
        : t('reasoning.doneAfter', { time: formatDuration(part.reasoningMs) })}
    </span>
  );
}
