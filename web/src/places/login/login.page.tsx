import { Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Logo } from '../../app/logo';
import { LanguageMenu } from './language-menu';
import { LoginForm } from './login-form';
import styles from './login.page.module.css';

/** Asks who the reader is, in place of the page that was opened. The address stays, so that it opens afterwards. */
export function LoginPage() {
  const { t } = useTranslation('login');
  const client = useQueryClient();

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Title order={1} fz="xl" className={styles.brand}>
          <Logo size={32} /> Conch
        </Title>
        <Text c="var(--text-soft)" mt={4} mb="lg">
          {t('welcome')}
        </Text>
        <LoginForm onDone={() => void client.resetQueries()} />
      </div>
      <LanguageMenu />
    </main>
  );
}
