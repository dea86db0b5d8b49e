import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Bot, botsQuery, isPublic, teamLabel, teamsQuery } from '../../api/catalog';
import { type Column, DataTable } from '../../ui/page/data-table';
import { RelativeTime } from '../../ui/relative-time';
import { teamsWith } from './team-parts';
import { RowActions } from '../../ui/page/row-actions';

/** All bots, the reader's own first: their runtime, their model, and the teams they work in. */
export function BotTable({ onEdit, onDelete }: { onEdit: (open: string) => void; onDelete: (bot: Bot) => void }) {
  const { t } = useTranslation('teams');
  const bots = useQuery(botsQuery);
  const { data: teams = [] } = useQuery(teamsQuery);
  const items = [...(bots.data ?? [])].sort((a, b) => Number(isPublic(a)) - Number(isPublic(b)));
  const columns: Column<Bot>[] = [
    { label: t('name'), cell: ({ name }) => <Text>{name}</Text> },
    {
      label: t('shell'),
      cell: ({ shell_name: shell, shell_type: type }) => (type ? shell : t('lostShell', { shell })),
    },
    {
      label: t('model'),
      cell: ({ model_name: model, shell_type: type }) => model ?? t(type === 'Dify' ? 'difyApp' : 'ownConnection'),
    },
    { label: t('usedIn'), cell: ({ id }) => teamsWith(teams, id).map(teamLabel).join(', ') },
    { label: t('changed'), cell: ({ updated_at: time }) => <RelativeTime time={time} /> },
    { label: '', align: 'right', cell: (bot) => <BotActions bot={bot} onEdit={onEdit} onDelete={onDelete} /> },
  ];

  return (
    <DataTable
      label={t('bots')}
      columns={columns}
      query={{ ...bots, data: bots.data && { items, total: items.length } }}
      rowKey={({ id }) => id}
      empty={<Text c="var(--text-soft)">{t('noBots')}</Text>}
      minWidth={720}
    />
  );
}

interface ActionsProps {
  bot: Bot;
  onEdit: (open: string) => void;
  onDelete: (bot: Bot) => void;
}

function BotActions({ bot, onEdit, onDelete }: ActionsProps) {
  const { t } = useTranslation('teams');
  if (isPublic(bot))
    return (
      <Text fz="xs" c="var(--text-soft)">
        {t('ofServer')}
      </Text>
    );

  return (
    <RowActions
      labels={{ edit: t('editNamed', { name: bot.name }), remove: t('deleteNamed', { name: bot.name }) }}
      onEdit={() => onEdit(`bot-${bot.id}`)}
      onDelete={() => onDelete(bot)}
    />
  );
}
