import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { fieldError } from '../../ui/forms/field-error';
import { FormProblem } from '../../ui/forms/form-problem';
import { Section } from '../../ui/page/place';
import { useAction } from '../../ui/problems/use-action';
import { useFields } from '../../ui/forms/use-fields';
import { signOut } from '../login/sign-in';

/** A new password ends all sessions, this one too: the reader logs in with it. */
export function Password() {
  const { t } = useTranslation(['settings', 'ui']);
  const { values, setText } = useFields({ current: '', next: '' });
  const save = useAction(
    () => api.PUT('/api/users/me', { body: { password: values.next, current_password: values.current } }),
    { onDone: () => void signOut(false), isShownInPlace: true },
  );

  return (
    <Section title={t('password')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="md" maw={400}>
          <PasswordInput
            label={t('currentPassword')}
            autoComplete="current-password"
            value={values.current}
            error={fieldError(save.error, 'current_password')}
            onChange={setText('current')}
          />
          <PasswordInput
            label={t('newPassword')}
            autoComplete="new-password"
            value={values.next}
            error={fieldError(save.error, 'password')}
            onChange={setText('next')}
          />
          <Text fz="xs" c="var(--text-soft)">
            {t('passwordHint')}
          </Text>
          <FormProblem error={save.error} />
          <div>
            <Button type="submit" loading={save.isPending} disabled={values.current === '' || values.next === ''}>
              {t('changePassword')}
            </Button>
          </div>
        </Stack>
      </form>
    </Section>
  );
}
