import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Shell, shellsQuery } from '../../api/catalog';
import { CatalogPlace } from '../../ui/page/catalog-place';
import { StatusBadge } from '../../ui/status-badge';
import { usePageSearch } from '../../ui/page/use-page-search';
import { DeleteShellDialog } from './delete-shell-dialog';
import { ShellTable } from './shell-table';
import styles from './shells.page.module.css';

const ShellDialog = lazy(async () => ({ default: (await import('./shell-dialog')).ShellDialog }));
/** A validation that runs elsewhere ends without an event for this list. */
const PENDING_READ_EACH_MS = 5_000;

const isOwn = ({ type }: Shell) => type === 'user';

/** The runtimes that bots work in: those of the server, and the reader's own images. */
export function ShellsPage() {
  const { t } = useTranslation('shells');
  const query = useQuery({
    ...shellsQuery,
    refetchInterval: ({ state }) =>
      state.data?.some((shell) => shell.state === 'Pending') ? PENDING_READ_EACH_MS : false,
  });
  const { search, setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Shell | null>(null);
  const edited = query.data?.find((shell) => shell.name === search.open && isOwn(shell)) ?? null;

  return (
    <CatalogPlace
      title={t('title')}
      description={t('description')}
      addLabel={t('add')}
      query={query}
      isOwn={isOwn}
      own={(shells) => <ShellTable shells={shells} onEdit={setOpen} onDelete={setRemoved} />}
      empty={{ title: t('none'), text: t('noneText') }}
      sharedTitle={t('public')}
      shared={(shells) => (
        <ul className={styles.cards} aria-label={t('public')}>
          {shells.map((shell) => (
            <RuntimeCard key={shell.name} shell={shell} />
          ))}
        </ul>
      )}
    >
      <Suspense>
        {query.data && (search.open === 'new' || edited) && (
          <ShellDialog key={search.open} shell={edited} shells={query.data} onClose={() => setOpen(undefined)} />
        )}
      </Suspense>
      <DeleteShellDialog shell={removed} onClose={() => setRemoved(null)} />
    </CatalogPlace>
  );
}

function RuntimeCard({ shell }: { shell: Shell }) {
  const { t } = useTranslation('shells');

  return (
    <li>
      <Text fw={600}>{shell.displayName ?? shell.name}</Text>
      <Text c="var(--text-soft)">{t(`execution.${shell.executionType}`)}</Text>
      <StatusBadge tone={shell.state === 'Available' ? 'good' : 'bad'}>{t(`states.${shell.state}`)}</StatusBadge>
      {shell.supportModel.length > 0 && (
        <Text fz="xs" c="var(--text-soft)">
          {t('models', { providers: shell.supportModel.join(', ') })}
        </Text>
      )}
    </li>
  );
}
