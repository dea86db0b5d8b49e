import { Code, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Shell } from '../../api/catalog';
import { type Column, DataTable } from '../../ui/page/data-table';
import { RelativeTime } from '../../ui/relative-time';
import { StatusBadge, type Tone } from '../../ui/status-badge';
import { RowActions } from '../../ui/page/row-actions';

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
        <RowActions
          labels={{ edit: t('editNamed', { name: shell.name }), remove: t('deleteNamed', { name: shell.name }) }}
          onEdit={() => onEdit(shell.name)}
          onDelete={() => onDelete(shell)}
        />
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
