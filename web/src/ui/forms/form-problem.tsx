import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import { errorText } from '../problems/error-text';
import { ProblemBox } from '../problems/problem-box';

/** Says why a form was refused. Problems of single fields stand at those as well. */
export function FormProblem({ error }: { error: unknown }) {
  const { t } = useTranslation('ui');
  if (error === null || error === undefined) return null;
  const requestId = error instanceof ApiProblem ? error.requestId : null;
  const fields = error instanceof ApiProblem ? error.fields : [];

  return (
    <ProblemBox>
      {fields.length === 0 && <Text>{errorText(error)}</Text>}
      {fields.map(({ field, message }) => (
        <Text key={`${field} ${message}`}>{message.startsWith(field) ? message : `${field}: ${message}`}</Text>
      ))}
      {requestId !== null && (
        <Text fz="xs" c="var(--text-soft)">
          {t('requestId', { id: requestId })}
        </Text>
      )}
    </ProblemBox>
  );
}
