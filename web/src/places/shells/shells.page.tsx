import { Button, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Shell, shellsQuery } from '../../api/catalog';
import { FirstStep } from '../../ui/page/first-step';
import { Loaded } from '../../ui/page/loaded';
import { Place, Section } from '../../ui/page/place';
import { StatusBadge } from '../../ui/status-badge';
import { usePageSearch } from '../../ui/page/use-page-search';
import { DeleteShellDialog } from './delete-shell-dialog';
import { ShellTable } from './shell-table';
import styles from './shells.page.module.css';

const ShellDialog = lazy(async () => ({ default: (await import('./shell-dialog')).ShellDialog }));
/** A validation that runs elsewhere ends without an event for this list. */
const PENDING_READ_EACH_MS = 5_000;

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
  const edited = query.data?.find(({ name, type }) => name === search.open && type === 'user') ?? null;
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen('new')}>
      {t('add')}
    </Button>
  );

  return (
    <Place title={t('title')} description={t('description')} actions={add}>
      <Loaded query={query}>
        {(shells) => {
          const own = shells.filter(({ type }) => type === 'user');

          return (
            <>
              <ul className={styles.cards} aria-label={t('public')}>
                {shells
                  .filter(({ type }) => type === 'public')
                  .map((shell) => (
                    <RuntimeCard key={shell.name} shell={shell} />
                  ))}
              </ul>
              <Section title={t('own')}>
                {own.length > 0 ? (
                  <ShellTable shells={own} onEdit={setOpen} onDelete={setRemoved} />
                ) : (
                  <FirstStep title={t('none')} text={t('noneText')} action={add} />
                )}
              </Section>
            </>
          );
        }}
      </Loaded>
      <Suspense>
        {query.data && (search.open === 'new' || edited) && (
          <ShellDialog key={search.open} shell={edited} shells={query.data} onClose={() => setOpen(undefined)} />
        )}
      </Suspense>
      <DeleteShellDialog shell={removed} onClose={() => setRemoved(null)} />
    </Place>
  );
}

function RuntimeCard({ shell }: { shell: Shell }) {
  const { t } = useTranslation('shells');

  return (
    <li>
      <Text fw={600}>{shell.displayName ?? shell.name}</Text>
      <Text fz="sm" c="var(--text-soft)">
        {t(`execution.${shell.executionType}`)}
      </Text>
      <StatusBadge tone={shell.state === 'Available' ? 'good' : 'bad'}>{t(`states.${shell.state}`)}</StatusBadge>
      {shell.supportModel.length > 0 && (
        <Text fz="xs" c="var(--text-soft)">
          {t('models', { providers: shell.supportModel.join(', ') })}
        </Text>
      )}
    </li>
  );
}
