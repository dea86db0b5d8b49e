import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import { FormProblem } from '../../ui/forms/form-problem';
import { useNow } from '../../ui/use-now';
import { signIn } from './sign-in';

/** Name and password. A login that the server slows down says for how long, and waits with the reader. */
export function LoginForm({ userName, onDone }: { userName?: string; onDone?: () => void }) {
  const { t } = useTranslation('login');
  const [name, setName] = useState(userName ?? '');
  const [password, setPassword] = useState('');
  const login = useMutation({ mutationFn: () => signIn(name.trim(), password), ...(onDone && { onSuccess: onDone }) });
  const waiting = useWait(login.error, login.submittedAt);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (waiting === 0 && !login.isPending) login.mutate();
  };

  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t('name')}
          name="username"
          autoComplete="username"
          value={name}
          readOnly={userName !== undefined}
          required
          withAsterisk={false}
          data-autofocus={userName === undefined || undefined}
          autoFocus={userName === undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('password')}
          name="password"
          autoComplete="current-password"
          value={password}
          required
          withAsterisk={false}
          data-autofocus={userName !== undefined || undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('showPassword') }}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {waiting > 0 ? (
          <FormProblem error={new Error(t('slowedDown', { count: waiting }))} />
        ) : (
          <FormProblem error={isSlowedDown(login.error) ? null : wordsFor(login.error, t('wrong'))} />
        )}
        <Button type="submit" loading={login.isPending} disabled={waiting > 0}>
          {t('signIn')}
        </Button>
      </Stack>
    </form>
  );
}

/** Seconds until the server takes another attempt. */
function useWait(error: unknown, since: number): number {
  const seconds = isSlowedDown(error) ? (error.retryAfter ?? 1) : 0;
  const now = useNow(seconds > 0 ? 500 : null);

  // The time stands still while nothing is waited for.
  return seconds === 0 ? 0 : Math.max(0, Math.ceil((since + seconds * 1000 - now) / 1000));
}

const isSlowedDown = (error: unknown): error is ApiProblem => error instanceof ApiProblem && error.status === 429;

/** A wrong password is told in the reader's language, everything else in the server's words. */
const wordsFor = (error: unknown, wrong: string) =>
  error instanceof ApiProblem && error.status === 401 ? new Error(wrong) : error;
