import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Bot, botsQuery, teamLabel, teamsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { ConfirmDialog } from '../../ui/forms/confirm-dialog';
import { useAction } from '../../ui/problems/use-action';
import { teamsWith } from './team-parts';

/** Deletes a bot. One that teams use stays until it is removed there: the dialog names them. */
export function DeleteBotDialog({ bot, onClose }: { bot: Bot | null; onClose: () => void }) {
  const { t } = useTranslation('teams');
  const { data: teams = [] } = useQuery(teamsQuery);
  const users = bot ? teamsWith(teams, bot.id) : [];
  const remove = useAction((id: number) => api.DELETE('/api/bots/{id}', { params: { path: { id } } }), {
    refresh: [botsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });

  return (
    <ConfirmDialog
      opened={bot !== null}
      title={t('deleteNamed', { name: bot?.name })}
      confirmLabel={t('delete')}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => bot && remove.mutate(bot.id)}
      onClose={onClose}
    >
      <Text>{users.length > 0 ? t('botUsed', { count: users.length }) : t('botUnused')}</Text>
      {users.length > 0 && (
        <List>
          {users.map((team) => (
            <List.Item key={team.id}>{teamLabel(team)}</List.Item>
          ))}
        </List>
      )}
    </ConfirmDialog>
  );
}
