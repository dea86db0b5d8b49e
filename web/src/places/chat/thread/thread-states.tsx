import { Button, Skeleton, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../../api/api-problem';
import classes from './thread.module.css';

/** A conversation that is being read; nothing for the first moment. */
export function ThreadSkeleton() {
  const { t } = useTranslation('chat');

  return (
    <div className={classes['state']} aria-busy aria-label={t('loading')} role="status">
      <Skeleton height={40} width="40%" ml="auto" />
      <Skeleton height={16} mt="lg" />
      <Skeleton height={16} mt="sm" />
      <Skeleton height={16} mt="sm" width="60%" />
    </div>
  );
}

/** A conversation that cannot be read. */
export function ThreadProblem({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTranslation('chat');
  const isGone = error instanceof ApiProblem && error.status === 404;

  return (
    <div className={classes['problem']} role="alert">
      <Text fw={600}>{isGone ? t('problem.gone') : t('problem.unreadable')}</Text>
      <Text c="dimmed" size="sm">
        {error.message}
      </Text>
      {error instanceof ApiProblem && error.requestId && (
        <Text c="dimmed" size="xs">
          {t('composer.request', { id: error.requestId })}
        </Text>
      )}
      {isGone ? (
        <Button component={Link} to="/" variant="default">
          {t('problem.new')}
        </Button>
      ) : (
        <Button variant="default" onClick={onRetry}>
          {t('actions.retry')}
        </Button>
      )}
    </div>
  );
}
