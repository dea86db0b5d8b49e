import { Progress, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { teamLabel, teamsQuery } from '../../api/catalog';
import { ButtonLink, TextLink } from '../../ui/button-link';
import { type Column, DataTable } from '../../ui/page/data-table';
import { FirstStep } from '../../ui/page/first-step';
import { formatNumber } from '../../ui/format';
import { Place } from '../../ui/page/place';
import { RelativeTime } from '../../ui/relative-time';
import { StatusBadge } from '../../ui/status-badge';
import { usePageSearch } from '../../ui/page/use-page-search';
import { Span } from './task/span';
import { TaskFilters } from './task-filters';
import { isActive, toneOf } from './task-state';
import { type ListedTask, PAGE_SIZE, taskListQuery, useLiveTask } from './tasks.data';

/** All work of the reader, chats and executors: a live table with its filters in the address. */
export function TasksPage() {
  const { t } = useTranslation('tasks');
  const { search, setSearch } = usePageSearch();
  const tasks = useQuery(taskListQuery(search));
  const { data: teams = [] } = useQuery(teamsQuery);
  const names = new Map(teams.map((team) => [team.id, teamLabel(team)]));
  const isFiltered = [search.q, search.status, search.kind, search.team].some((value) => value !== undefined);
  const columns: Column<ListedTask>[] = [
    { label: t('title'), cell: (task) => <TaskTitle task={task} /> },
    { label: t('status'), cell: (task) => <TaskStatusCell task={task} />, width: 180 },
    { label: t('team'), cell: ({ team_id: id }) => names.get(id) ?? t('teamGone', { id }) },
    { label: t('kind'), cell: ({ task_type: kind }) => t(`kinds.${kind}`) },
    { label: t('duration'), cell: (task) => <Span row={task} />, align: 'right' },
    { label: t('changed'), cell: ({ updated_at: time }) => <RelativeTime time={time} />, align: 'right' },
  ];

  return (
    <Place title={t('heading')} description={t('description')}>
      <TaskFilters search={search} teams={teams} onChange={setSearch} />
      <DataTable
        label={t('heading')}
        columns={columns}
        query={tasks}
        rowKey={({ id }) => id}
        minWidth={820}
        pages={{ page: search.page ?? 1, limit: PAGE_SIZE, onPage: (page) => setSearch({ page }) }}
        empty={
          isFiltered ? (
            <FirstStep title={t('noMatch')} text={t('noMatchText')} action={<ResetButton />} />
          ) : (
            <FirstStep
              title={t('none')}
              text={t('noneText')}
              action={<ButtonLink to="/">{t('startChat')}</ButtonLink>}
            />
          )
        }
      />
    </Place>
  );
}

function ResetButton() {
  const { t } = useTranslation('tasks');

  return (
    <ButtonLink to="/tasks" search={{}} variant="default">
      {t('reset')}
    </ButtonLink>
  );
}

function TaskTitle({ task: row }: { task: ListedTask }) {
  const { t } = useTranslation('tasks');
  const task = useLiveTask(row);

  return (
    <>
      <TextLink to="/tasks/$taskId" params={{ taskId: String(task.id) }} c="var(--text)" fz="sm" fw={500} lineClamp={1}>
        {task.title || t('untitled', { id: task.id })}
      </TextLink>
      {task.error_message && task.status === 'FAILED' && (
        <Text fz="xs" c="var(--text-soft)" lineClamp={1}>
          {task.error_message}
        </Text>
      )}
    </>
  );
}

function TaskStatusCell({ task: row }: { task: ListedTask }) {
  const { t } = useTranslation('tasks');
  const { status, progress } = useLiveTask(row);
  const isShown = isActive(status) && progress > 0;

  return (
    <>
      <StatusBadge tone={toneOf(status)}>
        {t(`statuses.${status}`)}
        {isShown && ` ${formatNumber(progress / 100, { style: 'percent' })}`}
      </StatusBadge>
      {isShown && <Progress value={progress} size={2} mt={4} aria-hidden />}
    </>
  );
}
