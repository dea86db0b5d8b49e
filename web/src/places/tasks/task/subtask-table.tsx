import { Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api, bodyOf } from '../../../api/client';
import { taskKey } from '../../../stream/query-keys';
import { type Column, DataTable } from '../../../ui/page/data-table';
import { RelativeTime } from '../../../ui/relative-time';
import { StatusBadge } from '../../../ui/status-badge';
import { usePageSearch } from '../../../ui/page/use-page-search';
import { Span } from './span';
import { toneOf } from '../task-state';
import { PAGE_SIZE, type Subtask, type Task } from '../tasks.data';

/** All questions and answers of a task; page 1 has the newest. */
export function SubtaskTable({ task: { id, updated_at: changed } }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const { search, setSearch } = usePageSearch();
  const page = search.page ?? 1;
  const query = useQuery({
    queryKey: [...taskKey(id), 'subtasks', page, changed],
    queryFn: () =>
      bodyOf(api.GET('/api/tasks/{id}/subtasks', { params: { path: { id }, query: { page, limit: PAGE_SIZE } } })),
    placeholderData: keepPreviousData,
  });
  const columns: Column<Subtask>[] = [
    { label: t('subtask'), cell: (row) => row.id },
    { label: t('role'), cell: ({ role }) => t(`roles.${role}`) },
    { label: t('text'), cell: (row) => <SubtaskText row={row} /> },
    {
      label: t('status'),
      cell: ({ status }) => <StatusBadge tone={toneOf(status)}>{t(`statuses.${status}`, status)}</StatusBadge>,
    },
    { label: t('executor'), cell: ({ executor_name: name }) => name },
    { label: t('duration'), cell: (row) => row.role === 'ASSISTANT' && <Span row={row} />, align: 'right' },
    { label: t('created'), cell: ({ created_at: time }) => <RelativeTime time={time} />, align: 'right' },
  ];

  return (
    <DataTable
      label={t('tabs.subtasks')}
      columns={columns}
      query={query}
      rowKey={(row) => row.id}
      minWidth={820}
      empty={<Text c="var(--text-soft)">{t('noSubtasks')}</Text>}
      pages={{ page, limit: PAGE_SIZE, onPage: (next) => setSearch({ page: next }) }}
    />
  );
}

function SubtaskText({ row }: { row: Subtask }) {
  const value = row.result?.['value'];
  const text = row.role === 'USER' ? row.prompt : (row.error_message ?? (typeof value === 'string' ? value : ''));

  return (
    <Text lineClamp={2} maw={420}>
      {text}
    </Text>
  );
}
