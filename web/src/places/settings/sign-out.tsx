import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Section } from '../../ui/page/place';
import { useAction } from '../../ui/problems/use-action';
import { signOut } from '../login/sign-in';
import { Setting } from './setting';

/** Ends this session, or all of them on all devices. */
export function SignOut() {
  const { t } = useTranslation('settings');
  const leave = useAction((isEverywhere: boolean) => signOut(isEverywhere));

  return (
    <Section title={t('sessions')}>
      <Setting label={t('signOut')} hint={t('signOutHint')}>
        <Group gap="sm">
          <Button variant="default" size="xs" onClick={() => leave.mutate(false)}>
            {t('signOutHere')}
          </Button>
          <Button variant="default" size="xs" onClick={() => leave.mutate(true)}>
            {t('signOutEverywhere')}
          </Button>
        </Group>
      </Setting>
    </Section>
  );
}
