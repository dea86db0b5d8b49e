import { Button, Group, Modal, ScrollArea, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { readEvents } from '../../data/export';
import { CopyButton } from '../../markdown/code/copy-button';
import { Findings } from '../diagnosis';
import { LinkForm } from './link-form';
import type { DialogName } from './more-menu';
import classes from '../end/ends.module.css';

interface Props {
  name: DialogName;
  taskId: number;
  streamId: number | null;
  onClose: () => void;
}

/** The dialogs of the menu of an answer. */
export function AnswerDialog({ name, taskId, streamId, onClose }: Props) {
  const { t } = useTranslation('chat');
  const titles = { events: t('events.title'), diagnosis: t('diagnosis.title'), link: t('link.title') };

  return (
    <Modal opened onClose={onClose} title={titles[name]} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
      {name === 'events' && <RawEvents taskId={taskId} streamId={streamId} />}
      {name === 'diagnosis' && <Findings taskId={taskId} />}
      {name === 'link' && <LinkForm taskId={taskId} />}
    </Modal>
  );
}

function RawEvents({ taskId, streamId }: { taskId: number; streamId: number | null }) {
  const { t } = useTranslation('chat');
  const { data, error, refetch } = useQuery({
    queryKey: ['events', taskId, streamId],
    queryFn: ({ signal }) => readEvents(taskId, streamId, signal),
    gcTime: 0,
  });
  if (error) {
    return (
      <Stack>
        <Text>{error.message}</Text>
        <Group>
          <Button variant="default" onClick={() => void refetch()}>
            {t('actions.retry')}
          </Button>
        </Group>
      </Stack>
    );
  }
  if (data === undefined) return <Skeleton height={200} />;

  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm">{t('events.count', { count: data === '' ? 0 : data.split('\n').length })}</Text>
        <CopyButton text={data} label={t('actions.copy')} />
      </Group>
      <ScrollArea.Autosize mah="60vh">
        <pre className={classes['events']} tabIndex={0}>
          {data}
        </pre>
      </ScrollArea.Autosize>
    </Stack>
  );
}
