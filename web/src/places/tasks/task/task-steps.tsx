import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AnswerStep } from '../../../stream/answer/answer-state';
import { FirstStep } from '../../../ui/page/first-step';
import { formatDuration, formatNumber } from '../../../ui/format';
import { StatusBadge, type Tone } from '../../../ui/status-badge';
import { type StepNode, stepTree } from './step-tree';
import styles from './task-steps.module.css';
import type { Task } from '../tasks.data';

const TONES: Record<AnswerStep['status'], Tone> = {
  running: 'active',
  succeeded: 'good',
  failed: 'bad',
  skipped: 'quiet',
  retrying: 'waiting',
  paused: 'waiting',
};

/** What apps and executors did for each answer, with durations, tokens and errors. */
export function TaskSteps({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const answers = task.subtasks
    .map(({ id, result }) => ({ id, roots: stepTree(result?.['steps'] ?? []) }))
    .filter(({ roots }) => roots.length > 0);
  if (answers.length === 0) return <FirstStep title={t('noSteps')} text={t('noStepsText')} />;

  return answers.map(({ id, roots }) => (
    <section key={id} aria-label={t('answer', { id })} className={styles.answer}>
      <Text fz="xs" c="var(--text-soft)">
        {t('answer', { id })}
      </Text>
      <Steps nodes={roots} />
    </section>
  ));
}

function Steps({ nodes }: { nodes: readonly StepNode[] }) {
  const { t } = useTranslation('tasks');

  return (
    <ul className={styles.steps}>
      {nodes.map(({ step, children }) => (
        <li key={step.step_id}>
          <div className={styles.step}>
            <StatusBadge tone={TONES[step.status]}>{step.title}</StatusBadge>
            <Text fz="xs" c="var(--text-soft)">
              {[
                t(`stepStatuses.${step.status}`),
                step.elapsed_ms === undefined ? null : formatDuration(step.elapsed_ms),
                step.tokens ? t('tokens', { count: step.tokens, number: formatNumber(step.tokens) }) : null,
              ]
                .filter(Boolean)
                .join(' · ')}
            </Text>
          </div>
          {step.error && (
            <Text fz="sm" c="red">
              {step.error}
            </Text>
          )}
          {children.length > 0 && <Steps nodes={children} />}
        </li>
      ))}
    </ul>
  );
}
