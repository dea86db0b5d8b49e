import { Button, Center, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { errorText } from './error-text';

/** Stands in for a place that could not be shown, for instance because a part of it was not loaded. */
export function RouteProblem({ error }: { error: unknown }) {
  const { t } = useTranslation('ui');

  return (
    <Center h="100%" p="md">
      <Stack gap="sm" align="center" role="alert">
        <Text fw={600}>{t('notLoaded')}</Text>
        <Text c="var(--text-soft)">{errorText(error)}</Text>
        <Button variant="default" onClick={() => window.location.reload()}>
          {t('reload')}
        </Button>
      </Stack>
    </Center>
  );
}
