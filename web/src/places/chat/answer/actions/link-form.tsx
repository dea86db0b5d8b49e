import { Button, Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDateTime } from '../../../../ui/format';
import { endLinks, type LinkAccess, makeLink } from '../../data/turn-calls';
import { CopyButton } from '../../markdown/code/copy-button';
import { QrImage } from './qr-image';

const HOUR_S = 3_600;
const TIMES = [HOUR_S, 24 * HOUR_S, 7 * 24 * HOUR_S];

/** Makes a link with which the conversation goes on on another device, without a log-in. */
export function LinkForm({ taskId }: { taskId: number }) {
  const { t } = useTranslation('chat');
  const [access, setAccess] = useState<LinkAccess>('read');
  const [seconds, setSeconds] = useState(HOUR_S);
  const make = useMutation({ mutationFn: () => makeLink(taskId, access, seconds) });
  const end = useMutation({ mutationFn: () => endLinks(taskId), onSuccess: () => make.reset() });
  const problem = make.error ?? end.error;
  const address = make.data ? new URL(make.data.path, window.location.origin).href : null;

  return (
    <Stack>
      <Text size="sm">{t('link.text')}</Text>
      <SegmentedControl
        aria-label={t('link.access')}
        value={access}
        data={[
          { value: 'read', label: t('link.read') },
          { value: 'read_and_stop', label: t('link.readAndStop') },
        ]}
        onChange={(value) => setAccess(value === 'read' ? 'read' : 'read_and_stop')}
      />
      <Select
        label={t('link.expires')}
        allowDeselect={false}
        value={String(seconds)}
        data={TIMES.map((time) => ({ value: String(time), label: t('link.hours', { count: time / HOUR_S }) }))}
        onChange={(value) => setSeconds(Number(value))}
      />
      {address && <QrImage text={address} label={t('link.code')} />}
      {address && make.data && (
        <TextInput
          readOnly
          label={t('link.address')}
          description={t('link.until', { time: formatDateTime(make.data.expires_at) })}
          value={address}
          rightSection={<CopyButton text={address} label={t('link.copy')} />}
          onFocus={({ target }) => target.select()}
        />
      )}
      {problem && (
        <Text c="red" size="sm" role="alert">
          {problem.message}
        </Text>
      )}
      <Group justify="flex-end">
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
          {end.isSuccess ? t('link.ended') : t('link.end')}
        </Button>
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          {t('link.make')}
        </Button>
      </Group>
    </Stack>
  );
}
