import { Title } from '@mantine/core';
import { Logo } from '../../app/logo';
import { ProblemCard } from '../../ui/problems/problem-card';
import styles from './login.page.module.css';

/** Stands in place of the page while the server gives no answer at all. */
export function AwayPage({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Title order={1} fz="xl" className={styles.brand} mb="md">
          <Logo size={32} /> Conch
        </Title>
        <ProblemCard error={error} onRetry={onRetry} />
      </div>
    </main>
  );
}
