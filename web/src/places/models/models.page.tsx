import { Button, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Model, modelsQuery } from '../../api/catalog';
import { FirstStep } from '../../ui/page/first-step';
import { Loaded } from '../../ui/page/loaded';
import { Place, Section } from '../../ui/page/place';
import { usePageSearch } from '../../ui/page/use-page-search';
import { DeleteModelDialog } from './delete-model-dialog';
import { ModelTable } from './model-table';

const ModelDialog = lazy(async () => ({ default: (await import('./model-dialog')).ModelDialog }));

/** Connections to models: the reader's own, which bots and questions can use, and those of the server. */
export function ModelsPage() {
  const { t } = useTranslation('models');
  const query = useQuery(modelsQuery);
  const { search, setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Model | null>(null);
  const edited = query.data?.find(({ name, type }) => name === search.open && type === 'user') ?? null;
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen('new')}>
      {t('add')}
    </Button>
  );

  return (
    <Place title={t('title')} description={t('description')} actions={add}>
      <Loaded query={query}>
        {(models) => {
          const own = models.filter(({ type }) => type === 'user');
          const shared = models.filter(({ type }) => type === 'public');

          return (
            <>
              {own.length > 0 ? (
                <ModelTable label={t('own')} models={own} onEdit={setOpen} onDelete={setRemoved} />
              ) : (
                <FirstStep title={t('none')} text={t('noneText')} action={add} />
              )}
              <Section title={t('public')}>
                {shared.length > 0 ? (
                  <ModelTable label={t('public')} models={shared} />
                ) : (
                  <Text fz="sm" c="var(--text-soft)">
                    {t('noPublic')}
                  </Text>
                )}
              </Section>
            </>
          );
        }}
      </Loaded>
      <Suspense>
        {(search.open === 'new' || edited) && (
          <ModelDialog key={search.open} model={edited} onClose={() => setOpen(undefined)} />
        )}
      </Suspense>
      <DeleteModelDialog model={removed} onClose={() => setRemoved(null)} />
    </Place>
  );
}
