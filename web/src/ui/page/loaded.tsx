import { Skeleton, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './loaded.module.css';
import { ProblemCard } from '../problems/problem-card';

interface Query<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Shows what a query has read; until then lines of a skeleton, and when it fails the reason. */
export function Loaded<T>({ query, children }: { query: Query<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null && query.error !== undefined)
    return <ProblemCard error={query.error} onRetry={() => void query.refetch()} />;

  return (
    <Stack className={styles.late} gap="sm" aria-hidden>
      {['100%', '92%', '96%', '60%'].map((width) => (
        <Skeleton key={width} h={20} w={width} />
      ))}
    </Stack>
  );
}
