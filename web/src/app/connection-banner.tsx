import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTaskConnection } from '../stream/tasks/live-tasks';
import styles from './layout.module.css';

/** Shorter losses are mended before they matter. */
const PATIENCE_MS = 3_000;

/** Says that the server is away, as long as it is; afterwards everything that could not be read is read again. */
export function ConnectionBanner() {
  const { t } = useTranslation('layout');
  const queryClient = useQueryClient();
  const { status } = useTaskConnection();
  const isLost = status === 'reconnecting' || status === 'offline';
  const [isShown, setIsShown] = useState(false);

  useEffect(() => {
    const timer = setTimeout(() => setIsShown(isLost), isLost ? PATIENCE_MS : 0);

    return () => clearTimeout(timer);
  }, [isLost]);
  useEffect(() => {
    if (status === 'live') void queryClient.refetchQueries({ predicate: ({ state }) => state.status === 'error' });
  }, [status, queryClient]);

  return (
    <div role="status" className={styles.banner} data-shown={isShown || undefined}>
      {isShown && t(status === 'offline' ? 'connection.offline' : 'connection.lost')}
    </div>
  );
}
