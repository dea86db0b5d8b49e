import { Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Section } from '../../ui/page/place';
import { setPreferences, usePreferences } from '../../ui/preferences';
import { Setting } from './setting';

/** How conversations behave on this device. */
export function ChatSettings() {
  const { t } = useTranslation('settings');
  const { isQuestionOnTop, hasNotifications } = usePreferences();
  const [isRefused, setRefused] = useState(() => 'Notification' in window && Notification.permission === 'denied');
  const setNotifications = async (isOn: boolean) => {
    const isAllowed = isOn && 'Notification' in window && (await Notification.requestPermission()) === 'granted';
    setRefused(isOn && !isAllowed);
    setPreferences({ hasNotifications: isAllowed });
  };

  return (
    <Section title={t('conversations')}>
      <Setting label={t('questionOnTop')} hint={t('questionOnTopHint')}>
        <Switch
          aria-label={t('questionOnTop')}
          checked={isQuestionOnTop}
          onChange={(event) => setPreferences({ isQuestionOnTop: event.currentTarget.checked })}
        />
      </Setting>
      <Setting label={t('notifications')} hint={isRefused ? t('notificationsRefused') : t('notificationsHint')}>
        <Switch
          aria-label={t('notifications')}
          checked={hasNotifications && !isRefused}
          onChange={(event) => setNotifications(event.currentTarget.checked)}
        />
      </Setting>
      <Setting label={t('titles')} hint={t('titlesHint')}>
        <Text c="var(--text-soft)">{t('titlesState')}</Text>
      </Setting>
    </Section>
  );
}
