import { Button, Group, PasswordInput, SimpleGrid, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../api/client';
import { formatDuration } from '../../ui/format';
import { StatusBadge } from '../../ui/status-badge';

interface Props {
  address: string;
  apiKey: string;
  /** A stored bot, whose app can be asked without the key. */
  botId?: number;
  storedKey?: string;
  onAddress: (address: string) => void;
  onKey: (key: string) => void;
}

/** Address and key of a Dify app, and a check that shows the app's own name and kind. */
export function DifyConnection({ address, apiKey, botId, storedKey, onAddress, onKey }: Props) {
  const { t } = useTranslation('teams');
  const isStored = apiKey === '' && botId !== undefined;
  const check = useMutation({
    mutationFn: async () => {
      const begun = performance.now();
      const body = isStored ? { bot_id: botId } : { api_key: apiKey.trim(), base_url: address.trim() || undefined };
      const app = await bodyOf(api.POST('/api/dify/app/info', { body }));

      return { ...app, ms: performance.now() - begun };
    },
  });

  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('difyAddress')}
          description={t('difyAddressHint')}
          placeholder="https://api.dify.ai"
          type="url"
          value={address}
          onChange={(event) => onAddress(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('difyKey')}
          description={
            storedKey === undefined ? t('difyKeyHint') : t('keyStored', { key: storedKey.replace('***', '…') })
          }
          placeholder={storedKey === undefined ? 'app-…' : t('keyStays')}
          autoComplete="off"
          required={storedKey === undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('showKey') }}
          value={apiKey}
          onChange={(event) => onKey(event.currentTarget.value)}
        />
      </SimpleGrid>
      <Group gap="md">
        <Button
          variant="default"
          size="xs"
          loading={check.isPending}
          disabled={apiKey.trim() === '' && !isStored}
          onClick={() => check.mutate()}
        >
          {t('check')}
        </Button>
        <Text role="status" component="div" style={{ flex: '1 1 200px' }}>
          {check.data && (
            <StatusBadge tone="good">
              {t('checked', {
                name: check.data.name,
                mode: check.data.mode === null ? t('difyModes.unknown') : t(`difyModes.${check.data.mode}`),
                duration: formatDuration(check.data.ms),
              })}
            </StatusBadge>
          )}
          {check.error && (
            <StatusBadge tone="bad">
              <span style={{ whiteSpace: 'normal' }}>{check.error.message}</span>
            </StatusBadge>
          )}
        </Text>
      </Group>
    </>
  );
}
