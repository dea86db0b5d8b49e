import { ActionIcon, Code, Group, Text } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Shell } from '../../api/catalog';
import { type Column, DataTable } from '../../ui/data-table';
import { RelativeTime } from '../../ui/relative-time';
import { StatusBadge, type Tone } from '../../ui/status-badge';

const TONES: Record<Shell['state'], Tone> = { Available: 'good', Pending: 'waiting', Unavailable: 'bad' };
const DIGEST_SHOWN = 19;

interface Props {
  shells: readonly Shell[];
  onEdit: (name: string) => void;
  onDelete: (shell: Shell) => void;
}

/** The reader's own shells: image, runtime, state, digest, last validation. */
export function ShellTable({ shells, onEdit, onDelete }: Props) {
  const { t } = useTranslation('shells');
  const columns: Column<Shell>[] = [
    { label: t('name'), cell: ({ name, displayName }) => displayName ?? name },
    { label: t('image'), cell: ({ baseImage }) => <Code style={{ overflowWrap: 'anywhere' }}>{baseImage}</Code> },
    { label: t('base'), cell: ({ shellType }) => shellType },
    {
      label: t('state'),
      cell: ({ state, stateReason }) => (
        <>
          <StatusBadge tone={TONES[state]}>{t(`states.${state}`)}</StatusBadge>
          {stateReason !== null && (
            <Text fz="xs" c="var(--text-soft)" lineClamp={2} title={stateReason}>
              {stateReason}
            </Text>
          )}
        </>
      ),
    },
    {
      label: t('digest'),
      cell: ({ validation }) =>
        validation?.digest && <Code title={validation.digest}>{validation.digest.slice(0, DIGEST_SHOWN)}…</Code>,
    },
    {
      label: t('validated'),
      cell: ({ validation }) => validation && <RelativeTime time={validation.completedAt ?? validation.createdAt} />,
    },
    {
      label: '',
      align: 'right',
      cell: (shell) => (
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('editNamed', { name: shell.name })}
            onClick={() => onEdit(shell.name)}
          >
            <IconPencil size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('deleteNamed', { name: shell.name })}
            onClick={() => onDelete(shell)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ),
    },
  ];

  return (
    <DataTable
      label={t('own')}
      columns={columns}
      query={{ data: { items: shells, total: shells.length }, error: null, refetch: () => undefined }}
      rowKey={({ name }) => name}
      empty={null}
      minWidth={860}
    />
  );
}
