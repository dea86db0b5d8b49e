import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { HeaderField } from './model-fields';
import { IconButton } from '../../ui/icon-button';

interface Props {
  headers: readonly HeaderField[];
  error: string | undefined;
  onChange: (headers: readonly HeaderField[]) => void;
}

/** Headers that each request to the model carries. */
export function HeaderRows({ headers, error, onChange }: Props) {
  const { t } = useTranslation('models');
  const change = (index: number, change: Partial<HeaderField>) =>
    onChange(headers.map((header, at) => (at === index ? { ...header, ...change } : header)));

  return (
    <Stack gap="sm">
      <Text fz="xs" c="var(--text-soft)">
        {t('headersHint')}
      </Text>
      {headers.map(({ name, value }, index) => (
        <Group key={index} gap="sm" wrap="nowrap">
          <TextInput
            aria-label={t('headerName')}
            placeholder={t('headerName')}
            value={name}
            style={{ flex: 1 }}
            onChange={(event) => change(index, { name: event.currentTarget.value })}
          />
          <TextInput
            aria-label={t('headerValue')}
            placeholder={t('headerValue')}
            value={value}
            style={{ flex: 2 }}
            onChange={(event) => change(index, { value: event.currentTarget.value })}
          />
          <IconButton
            label={t('removeHeader')}
            icon={IconX}
            onClick={() => onChange(headers.filter((_, at) => at !== index))}
          />
        </Group>
      ))}
      {error !== undefined && (
        <Text fz="xs" c="red">
          {error}
        </Text>
      )}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => onChange([...headers, { name: '', value: '' }])}
        >
          {t('addHeader')}
        </Button>
      </div>
    </Stack>
  );
}
