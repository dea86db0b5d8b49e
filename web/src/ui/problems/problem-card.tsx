import { Button, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import { errorText } from './error-text';
import { ProblemBox } from './problem-box';

/** Says in place why something could not be read, and offers to try again. */
export function ProblemCard({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation('ui');
  const requestId = error instanceof ApiProblem ? error.requestId : null;

  return (
    <ProblemBox>
      <Text fw={600}>{t('failed')}</Text>
      <Text>{errorText(error)}</Text>
      {requestId !== null && (
        <Text fz="xs" c="var(--text-soft)">
          {t('requestId', { id: requestId })}
        </Text>
      )}
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          {t('tryAgain')}
        </Button>
      )}
    </ProblemBox>
  );
}
