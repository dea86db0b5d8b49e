import { Code } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { TextLink } from '../../../ui/button-link';
import { Facts } from '../../../ui/page/facts';
import { Section } from '../../../ui/page/place';
import { RelativeTime } from '../../../ui/relative-time';
import { Span } from './span';
import type { Task } from '../tasks.data';

/** What is known of a task besides its answers. */
export function TaskFacts({ task }: { task: Task }) {
  const { t } = useTranslation('tasks');
  const team = task.team as { name?: string; display_name?: string | null } | null | undefined;

  return (
    <Section title={t('facts')}>
      <Facts
        items={[
          [
            t('team'),
            <TextLink key="team" to="/tasks" search={{ team: task.team_id }}>
              {team?.display_name ?? team?.name ?? t('teamGone', { id: task.team_id })}
            </TextLink>,
          ],
          [t('kind'), t(`kinds.${task.task_type}`)],
          [t('created'), <RelativeTime key="created" time={task.created_at} />],
          [t('completed'), task.completed_at && <RelativeTime time={task.completed_at} />],
          [t('duration'), <Span key="span" row={task} />],
          [t('repository'), task.git_url && <Code>{task.git_url}</Code>],
          [t('branch'), task.branch_name && <Code>{task.branch_name}</Code>],
          [t('error'), task.error_message],
        ]}
      />
    </Section>
  );
}
