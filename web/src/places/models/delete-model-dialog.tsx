import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { botsQuery, type Model, modelsQuery } from '../../api/catalog';
import { api } from '../../api/client';
import { ConfirmDialog } from '../../ui/forms/confirm-dialog';
import { useAction } from '../../ui/problems/use-action';

/** Deletes a model of the reader's, after it has named the bots that use it. */
export function DeleteModelDialog({ model, onClose }: { model: Model | null; onClose: () => void }) {
  const { t } = useTranslation('models');
  const bots = useQuery({ ...botsQuery, enabled: model !== null });
  const users = (bots.data ?? []).filter(({ model_name: name, user_id: user }) => name === model?.name && user !== 0);
  const remove = useAction((name: string) => api.DELETE('/api/models/{name}', { params: { path: { name } } }), {
    refresh: [modelsQuery.queryKey],
    onDone: onClose,
    isShownInPlace: true,
  });

  return (
    <ConfirmDialog
      opened={model !== null}
      title={t('deleteNamed', { name: model?.name })}
      confirmLabel={t('delete')}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => model && remove.mutate(model.name)}
      onClose={onClose}
    >
      <Text>{t('deleteText')}</Text>
      {users.length > 0 && (
        <div>
          <Text>{t('usedBy', { count: users.length })}</Text>
          <List mt={4}>
            {users.map(({ id, name }) => (
              <List.Item key={id}>{name}</List.Item>
            ))}
          </List>
        </div>
      )}
    </ConfirmDialog>
  );
}
