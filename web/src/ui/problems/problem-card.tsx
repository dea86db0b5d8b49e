import { Alert, Button, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import { errorText } from './error-text';

/** Says in place why something could not be read, and offers to try again. */
export function ProblemCard({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation('ui');
  const requestId = error instanceof ApiProblem ? error.requestId : null;

  return (
    <Alert color="red" variant="light" title={t('failed')} role="alert">
      <Text>{errorText(error)}</Text>
      {requestId !== null && (
        <Text fz="xs" c="var(--text-soft)" mt={4}>
          {t('requestId', { id: requestId })}
        </Text>
      )}
      {onRetry && (
        <Button variant="default" size="xs" mt="sm" onClick={onRetry}>
          {t('tryAgain')}
        </Button>
      )}
    </Alert>
  );
}
