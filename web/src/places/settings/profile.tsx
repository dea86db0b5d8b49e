import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { type Me, meQuery } from '../../api/me';
import { FormProblem } from '../../ui/forms/form-problem';
import { Section } from '../../ui/page/place';
import { useAction } from '../../ui/problems/use-action';
import { hasSession } from '../login/sign-in';

/** Who the reader is. The address changes with the password only, where there is one. */
export function Profile({ me }: { me: Me }) {
  const { t } = useTranslation(['settings', 'ui']);
  const [email, setEmail] = useState(me.email ?? '');
  const [password, setPassword] = useState('');
  const save = useAction(
    () =>
      api.PUT('/api/users/me', {
        body: {
          email: email.trim() === '' ? null : email.trim(),
          ...(password !== '' && { current_password: password }),
        },
      }),
    { refresh: [meQuery.queryKey], isShownInPlace: true },
  );
  const isChanged = email.trim() !== (me.email ?? '');

  return (
    <Section title={t('profile')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="md" maw={400}>
          <TextInput label={t('userName')} description={t(`roles.${me.role}`)} value={me.user_name} readOnly />
          {hasSession() && (
            <>
              <TextInput
                label={t('email')}
                type="email"
                autoComplete="email"
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
              {isChanged && (
                <>
                  <PasswordInput
                    label={t('currentPassword')}
                    description={t('currentPasswordHint')}
                    autoComplete="current-password"
                    value={password}
                    onChange={(event) => setPassword(event.currentTarget.value)}
                  />
                  <FormProblem error={save.error} />
                  <div>
                    <Button type="submit" loading={save.isPending} disabled={password === ''}>
                      {t('ui:save')}
                    </Button>
                  </div>
                </>
              )}
            </>
          )}
        </Stack>
      </form>
    </Section>
  );
}
