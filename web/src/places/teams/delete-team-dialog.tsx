import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type Team, teamLabel, teamsQuery } from '../../api/catalog';
import { api, bodyOf } from '../../api/client';
import { formatNumber } from '../../ui/format';
import { ConfirmDialog } from '../../ui/forms/confirm-dialog';
import { useAction } from '../../ui/problems/use-action';

/** Deletes a team, after it has said how many conversations nobody answers any more. */
export function DeleteTeamDialog({ team, onClose }: { team: Team | null; onClose: () => void }) {
  const { t } = useTranslation('teams');
  const tasks = useQuery({
    queryKey: ['tasks', 'of-team', team?.id],
    queryFn: () => bodyOf(api.GET('/api/tasks', { params: { query: { team_id: team?.id, limit: 1 } } })),
    enabled: team !== null,
  });
  const remove = useAction((id: number) => api.DELETE('/api/teams/{id}', { params: { path: { id } } }), {
    refresh: [teamsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });
  const count = tasks.data?.total;

  return (
    <ConfirmDialog
      opened={team !== null}
      title={t('deleteNamed', { name: team && teamLabel(team) })}
      confirmLabel={t('delete')}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => team && remove.mutate(team.id)}
      onClose={onClose}
    >
      <Text>{t('teamDeleteText')}</Text>
      {count !== undefined && <Text>{t('teamTasks', { count, number: formatNumber(count) })}</Text>}
    </ConfirmDialog>
  );
}
