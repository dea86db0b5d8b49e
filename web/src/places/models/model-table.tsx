import { Code, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../api/catalog';
import { type Column, DataTable } from '../../ui/page/data-table';
import { RelativeTime } from '../../ui/relative-time';
import { RowActions } from '../../ui/page/row-actions';

interface Props {
  label: string;
  models: readonly Model[];
  onEdit?: (name: string) => void;
  onDelete?: (model: Model) => void;
}

/** Models by name, provider and address; keys show their last characters only. */
export function ModelTable({ label, models, onEdit, onDelete }: Props) {
  const { t } = useTranslation(['models', 'ui']);
  const columns: Column<Model>[] = [
    { label: t('name'), cell: (model) => <ModelName model={model} /> },
    { label: t('provider'), cell: ({ provider }) => t(`providers.${provider}`) },
    { label: t('modelId'), cell: ({ modelId }) => <Code>{modelId}</Code> },
    {
      label: t('baseUrl'),
      cell: ({ baseUrl }) => (
        <Text c="var(--text-soft)" maw={260} truncate title={baseUrl ?? undefined}>
          {baseUrl ?? t('providersOwn')}
        </Text>
      ),
    },
    {
      label: t('key'),
      cell: ({ apiKey }) => (apiKey === null ? t('noKey') : <Code>{apiKey.replace('***', '…')}</Code>),
    },
    { label: t('changed'), cell: ({ updatedAt }) => <RelativeTime time={updatedAt} /> },
  ];
  if (onEdit && onDelete)
    columns.push({
      label: '',
      align: 'right',
      cell: (model) => (
        <RowActions
          labels={{ edit: t('editNamed', { name: model.name }), remove: t('deleteNamed', { name: model.name }) }}
          onEdit={() => onEdit(model.name)}
          onDelete={() => onDelete(model)}
        />
      ),
    });

  return (
    <DataTable
      label={label}
      columns={columns}
      query={{ data: { items: models, total: models.length }, error: null, refetch: () => undefined }}
      rowKey={({ name }) => name}
      empty={null}
      minWidth={760}
    />
  );
}

function ModelName({ model }: { model: Model }) {
  const { t } = useTranslation('models');

  return (
    <>
      <Text fw={500}>{model.displayName ?? model.name}</Text>
      {model.displayName !== null && (
        <Text fz="xs" c="var(--text-soft)">
          {model.name}
        </Text>
      )}
      {!model.isActive && (
        <Text fz="xs" c="var(--text-soft)">
          {t('inactive')}
        </Text>
      )}
    </>
  );
}
