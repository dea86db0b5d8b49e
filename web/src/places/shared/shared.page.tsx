import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/api-problem';
import { Logo } from '../../app/logo';
import { Loaded } from '../../ui/page/loaded';
import { EndedLink } from './ended-link';
import { SharedThread } from './shared-thread';
import { useSharedTask } from './use-shared-task';
import styles from './shared.page.module.css';

/** A conversation that somebody has shared by a link: to be read, live, without an account. */
export function SharedPage() {
  const { t } = useTranslation('shared');
  const { token = '' }: { token?: string } = useParams({ strict: false });
  const shared = useSharedTask(token);
  const { task, error } = shared;
  const hasEnded = error instanceof ApiProblem && error.status === 404;
  const title = task?.title ?? '';
  useEffect(() => {
    document.title = title === '' ? 'Conch' : `${title} · Conch`;
  }, [title]);

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <Logo size={24} />
        <h1>{hasEnded ? 'Conch' : title}</h1>
        <span>{t('readOnly')}</span>
      </header>
      <main className={styles.main}>
        {hasEnded ? (
          <EndedLink />
        ) : (
          <Loaded query={{ data: task ?? undefined, error, refetch: shared.retry }}>
            {(data) => <SharedThread task={data} answer={shared.answer} onStop={shared.stop} />}
          </Loaded>
        )}
      </main>
    </div>
  );
}
