import { Code, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ProblemBox } from '../../ui/problems/problem-box';
import { StatusBadge } from '../../ui/status-badge';
import type { Validation } from './validation-stream';
import styles from './validation-view.module.css';

const STAGES = ['submitted', 'pulling_image', 'starting_container', 'running_checks', 'completed'] as const;

/** A validation of an image: its stage, each check with what was found and how to mend it, and the end of the log. */
export function ValidationView({ validation }: { validation: Validation }) {
  const { t } = useTranslation('shells');
  const { status, progress, outcome, checks, errorMessage, logTail, digest } = validation;
  const reached = STAGES.indexOf(status);

  return (
    <Stack gap="sm">
      <ol className={styles.stages} aria-label={t('stages')}>
        {STAGES.map((stage, index) => (
          <li key={stage} data-reached={index <= reached} aria-current={stage === status ? 'step' : undefined}>
            {t(`stage.${stage}`)}
          </li>
        ))}
      </ol>
      <Progress
        value={progress}
        size={4}
        color={outcome === 'invalid' || outcome === 'error' ? 'red' : undefined}
        aria-label={t('progress')}
      />
      <Text role="status">{outcome === null ? (errorMessage ?? t(`running.${status}`)) : t(`outcome.${outcome}`)}</Text>
      <ul className={styles.checks}>
        {checks.map(({ name, status: verdict, version, message, hint }) => (
          <li key={name}>
            <StatusBadge tone={verdict === 'pass' ? 'good' : 'bad'}>
              <Code>{name}</Code> {version ?? ''}
            </StatusBadge>
            <div>
              <Text c="var(--text-soft)">{message}</Text>
              {hint !== undefined && <Text>{hint}</Text>}
            </div>
          </li>
        ))}
      </ul>
      <Reasons validation={validation} />
      {digest !== null && (
        <Text fz="xs" c="var(--text-soft)" style={{ overflowWrap: 'anywhere' }}>
          {t('digest')}: {digest}
        </Text>
      )}
      {logTail !== null && logTail !== '' && (
        <details>
          <summary>{t('log')}</summary>
          <Code block tabIndex={0} mah={200} style={{ overflow: 'auto' }}>
            {logTail}
          </Code>
        </details>
      )}
    </Stack>
  );
}

/** Why the image cannot be used, besides the checks that say so themselves; each reason once. */
function Reasons({ validation: { outcome, errors, errorMessage, checks } }: { validation: Validation }) {
  const told = checks.flatMap(({ name, message }) => [message, `${name}: ${message}`]);
  const all = [...new Set([...errors, ...(errorMessage === null ? [] : [errorMessage])])];
  const reasons = all.filter((reason) => !told.includes(reason));
  if (outcome === null || outcome === 'valid' || reasons.length === 0) return null;

  return (
    <ProblemBox>
      {reasons.map((reason) => (
        <Text key={reason}>{reason}</Text>
      ))}
    </ProblemBox>
  );
}
