import { PasswordInput, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import type { Me as User } from '../../api/me';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { usersKey } from './users-key';

/** Gives a user a new password, which ends their sessions. */
export function PasswordDialog({ user, onClose }: { user: User; onClose: () => void }) {
  const { t } = useTranslation(['admin', 'ui']);
  const [password, setPassword] = useState('');
  const save = useAction(() => api.PUT('/api/users/{id}', { params: { path: { id: user.id } }, body: { password } }), {
    refresh: [usersKey],
    onDone: onClose,
    isShownInPlace: true,
  });

  return (
    <FormDialog
      title={t('resetFor', { name: user.user_name })}
      submitLabel={t('ui:save')}
      isPending={save.isPending}
      canSubmit={password !== ''}
      error={save.error}
      size="md"
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <Text c="var(--text-soft)">{t('resetText')}</Text>
      <PasswordInput
        label={t('password')}
        data-autofocus
        autoComplete="new-password"
        value={password}
        error={fieldError(save.error, 'password')}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
