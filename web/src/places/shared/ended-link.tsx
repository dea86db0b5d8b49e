import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import styles from './shared.page.module.css';

/** A link that has expired, was ended, or never was one: the server does not say which. */
export function EndedLink() {
  const { t } = useTranslation('shared');

  return (
    <div className={styles.ended} role="alert">
      <Text fw={600}>{t('ended')}</Text>
      <Text c="var(--text-soft)">{t('endedHint')}</Text>
    </div>
  );
}
