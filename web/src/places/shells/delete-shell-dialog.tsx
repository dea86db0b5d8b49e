import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { botsQuery, type Shell, shellsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { ConfirmDialog } from '../../ui/forms/confirm-dialog';
import { useAction } from '../../ui/problems/use-action';

/** Deletes a shell of the reader's, after it has named the bots that work in it. */
export function DeleteShellDialog({ shell, onClose }: { shell: Shell | null; onClose: () => void }) {
  const { t } = useTranslation('shells');
  const bots = useQuery({ ...botsQuery, enabled: shell !== null });
  const users = (bots.data ?? []).filter(({ shell_name: name, user_id: user }) => name === shell?.name && user !== 0);
  const remove = useAction(
    (name: string) =>
      // The reader has seen the names of the bots.
      api.DELETE('/api/shells/{name}', { params: { path: { name }, query: { force: users.length > 0 } } }),
    { refresh: [shellsQuery.queryKey, botsQuery.queryKey], onDone: onClose, isShownInPlace: true },
  );

  return (
    <ConfirmDialog
      opened={shell !== null}
      title={t('deleteNamed', { name: shell?.name })}
      confirmLabel={t('delete')}
      isPending={remove.isPending || bots.isPending}
      error={remove.error}
      onConfirm={() => shell && remove.mutate(shell.name)}
      onClose={onClose}
    >
      <Text>{users.length > 0 ? t('usedBy', { count: users.length }) : t('unused')}</Text>
      {users.length > 0 && (
        <List>
          {users.map(({ id, name }) => (
            <List.Item key={id}>{name}</List.Item>
          ))}
        </List>
      )}
    </ConfirmDialog>
  );
}
