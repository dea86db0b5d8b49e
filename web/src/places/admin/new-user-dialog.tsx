import { PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api, type Schemas } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormDialog } from '../../ui/forms/form-dialog';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { usersKey } from './users-key';

type Role = Schemas['CreateUserDto']['role'];

/** Adds a user, who logs in with the password that is set here. */
export function NewUserDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('admin');
  const { values, set, setText } = useFields({ name: '', password: '', email: '', role: 'user' as Role });
  const add = useAction(
    () =>
      api.POST('/api/users', {
        body: {
          user_name: values.name.trim(),
          password: values.password,
          email: values.email.trim() === '' ? null : values.email.trim(),
          role: values.role,
        },
      }),
    { refresh: [usersKey], onDone: onClose, isShownInPlace: true },
  );

  return (
    <FormDialog
      title={t('addUser')}
      submitLabel={t('addUser')}
      isPending={add.isPending}
      canSubmit={values.name.trim() !== '' && values.password !== ''}
      error={add.error}
      size="md"
      onSubmit={() => add.mutate()}
      onClose={onClose}
    >
      <TextInput
        label={t('userName')}
        required
        data-autofocus
        autoComplete="off"
        value={values.name}
        error={fieldError(add.error, 'user_name')}
        onChange={setText('name')}
      />
      <PasswordInput
        label={t('password')}
        required
        autoComplete="new-password"
        value={values.password}
        error={fieldError(add.error, 'password')}
        onChange={setText('password')}
      />
      <TextInput
        label={t('email')}
        type="email"
        value={values.email}
        error={fieldError(add.error, 'email')}
        onChange={setText('email')}
      />
      <SegmentedControl
        aria-label={t('role')}
        value={values.role}
        onChange={(role) => set('role')(role)}
        data={(['user', 'admin'] as const).map((value) => ({ value, label: t(`roles.${value}`) }))}
      />
    </FormDialog>
  );
}
