import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { memo, useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnswerStep } from '../../../stream/answer/answer-state';
import { formatDuration, formatNumber } from '../../../ui/format';
import { StepRow } from './step-row';
import { stepTree, type StepSummary, summarise } from './step-tree';
import classes from './steps.module.css';

/** What an app does, step by step; one line when it is done, unless the reader has opened it. */
export const StepTimeline = memo(function StepTimeline({
  steps,
  isRunning,
  isOpenAtFirst = false,
}: {
  steps: readonly AnswerStep[];
  isRunning: boolean;
  isOpenAtFirst?: boolean;
}) {
  const [choice, setChoice] = useState<boolean | null>(null);
  const id = useId();
  const { t } = useTranslation('chat');
  const summary = useMemo(() => summarise(steps), [steps]);
  const tree = useMemo(() => stepTree(steps), [steps]);
  const isOpen = choice ?? (isRunning || isOpenAtFirst);

  return (
    <section className={classes['timeline']} aria-label={t('steps.label')}>
      <UnstyledButton
        className={classes['summary']}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setChoice(!isOpen)}
      >
        <IconChevronRight size={16} stroke={1.6} data-open={isOpen || undefined} aria-hidden />
        <Summary summary={summary} isRunning={isRunning} />
      </UnstyledButton>
      <ul id={id} hidden={!isOpen} className={classes['steps']}>
        {isOpen && tree.map((node) => <StepRow key={node.step.step_id} node={node} longestMs={summary.longestMs} />)}
      </ul>
    </section>
  );
});

function Summary({ summary, isRunning }: { summary: StepSummary; isRunning: boolean }) {
  const { t } = useTranslation('chat');
  if (isRunning && summary.running) return <span>{t('steps.running', { title: summary.running.title })}</span>;
  const facts = [
    t('steps.count', { count: summary.count }),
    summary.elapsedMs > 0 ? formatDuration(summary.elapsedMs) : null,
    summary.tokens > 0 ? t('steps.tokens', { count: summary.tokens, number: formatNumber(summary.tokens) }) : null,
    summary.failed > 0 ? t('steps.failed', { count: summary.failed }) : null,
  ].filter((fact) => fact !== null);

  return <span data-failed={summary.failed > 0 || undefined}>{facts.join(' · ')}</span>;
}
