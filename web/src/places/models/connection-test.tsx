import { Button, Group, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client';
import { formatDuration } from '../../ui/format';
import { StatusBadge } from '../../ui/status-badge';
import { isObjectText, type ModelFields, testOf } from './model-fields';

/** Asks the model one short question, as it stands in the dialog, and says in words how that went and how long it took. */
export function ConnectionTest({ fields, isKeyStored }: { fields: ModelFields; isKeyStored: boolean }) {
  const { t } = useTranslation('models');
  const test = useMutation({ mutationFn: testConnection });
  const body = isObjectText(fields.more) ? testOf(fields) : null;
  const isReady = body !== null && body.model_id !== '' && body.api_key !== '';
  const isCurrent = JSON.stringify(test.variables) === JSON.stringify(body);

  return (
    <Group gap="md" align="center">
      <Button
        variant="default"
        size="xs"
        disabled={!isReady}
        loading={test.isPending}
        onClick={() => body && test.mutate(body)}
      >
        {t('test')}
      </Button>
      <Text role="status" style={{ flex: '1 1 200px' }}>
        {!isReady && isKeyStored && fields.apiKey === '' && <Soft text={t('testNeedsKey')} />}
        {isCurrent && test.data && <TestResult result={test.data} />}
        {isCurrent && test.error && <StatusBadge tone="bad">{test.error.message}</StatusBadge>}
      </Text>
    </Group>
  );
}

async function testConnection(body: ReturnType<typeof testOf>) {
  const begun = performance.now();
  const result = await bodyOf(api.POST('/api/models/test-connection', { body }));

  return { ...result, ms: performance.now() - begun };
}

function TestResult({ result: { success, message, ms } }: { result: Awaited<ReturnType<typeof testConnection>> }) {
  const { t } = useTranslation('models');
  const duration = formatDuration(ms);

  return (
    <StatusBadge tone={success ? 'good' : 'bad'}>
      <span style={{ whiteSpace: 'normal' }}>
        {success ? t('testPassed', { duration }) : t('testFailed', { message, duration })}
      </span>
    </StatusBadge>
  );
}

function Soft({ text }: { text: string }) {
  return <span style={{ color: 'var(--text-soft)' }}>{text}</span>;
}
