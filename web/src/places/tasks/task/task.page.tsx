import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { TextLink } from '../../../ui/button-link';
import { Loaded } from '../../../ui/page/loaded';
import { Place } from '../../../ui/page/place';
import { StatusBadge } from '../../../ui/status-badge';
import { usePageSearch } from '../../../ui/page/use-page-search';
import { Diagnosis } from './diagnosis';
import { RawTask } from './raw-task';
import { SubtaskTable } from './subtask-table';
import { TaskActions } from './task-actions';
import { TaskFacts } from './task-facts';
import { TaskResult } from './task-result';
import { toneOf } from '../task-state';
import { TaskSteps } from './task-steps';
import { TaskTimeline } from './task-timeline';
import { type Task, taskQuery } from '../tasks.data';
import styles from './task.page.module.css';

const TABS = ['overview', 'result', 'steps', 'subtasks', 'raw'] as const;

/** One task: where it is, what it has done, and why it waits. */
export function TaskPage() {
  const { t } = useTranslation('tasks');
  const id = Number(useParams({ strict: false, select: (params: { taskId?: string }) => params.taskId }));
  const task = useQuery(taskQuery(id));

  return (
    <Place
      title={task.data?.title || t('untitled', { id })}
      description={
        <>
          <TextLink to="/tasks" underline="always">
            {t('heading')}
          </TextLink>
          {' / '}
          {t('number', { id })}
          {task.data && (
            <>
              {' · '}
              <StatusBadge tone={toneOf(task.data.status)}>{t(`statuses.${task.data.status}`)}</StatusBadge>
            </>
          )}
        </>
      }
      actions={task.data && <TaskActions task={task.data} />}
    >
      <Loaded query={task}>{(data) => <TaskTabs task={data} />}</Loaded>
    </Place>
  );
}

function TaskTabs({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const { search, setSearch } = usePageSearch();
  const open = TABS.find((tab) => tab === search.tab) ?? 'overview';

  return (
    <Tabs
      value={open}
      onChange={(tab) => setSearch({ tab: tab === 'overview' || tab === null ? undefined : tab })}
      keepMounted={false}
    >
      <Tabs.List mb="md" className={styles.tabs}>
        {TABS.map((tab) => (
          <Tabs.Tab key={tab} value={tab}>
            {t(`tabs.${tab}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Diagnosis task={task} />
        <TaskTimeline task={task} />
        <TaskFacts task={task} />
      </Tabs.Panel>
      <Tabs.Panel value="result">
        <TaskResult task={task} />
      </Tabs.Panel>
      <Tabs.Panel value="steps">
        <TaskSteps task={task} />
      </Tabs.Panel>
      <Tabs.Panel value="subtasks">
        <SubtaskTable task={task} />
      </Tabs.Panel>
      <Tabs.Panel value="raw">
        <RawTask task={task} />
      </Tabs.Panel>
    </Tabs>
  );
}
