import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Model, modelsQuery } from '../../api/catalog';
import { CatalogPlace } from '../../ui/page/catalog-place';
import { usePageSearch } from '../../ui/page/use-page-search';
import { DeleteModelDialog } from './delete-model-dialog';
import { ModelTable } from './model-table';

const ModelDialog = lazy(async () => ({ default: (await import('./model-dialog')).ModelDialog }));

const isOwn = ({ type }: Model) => type === 'user';

/** Connections to models: the reader's own, which bots and questions can use, and those of the server. */
export function ModelsPage() {
  const { t } = useTranslation('models');
  const query = useQuery(modelsQuery);
  const { search, setOpen } = usePageSearch();
  const [removed, setRemoved] = useState<Model | null>(null);
  const edited = query.data?.find((model) => model.name === search.open && isOwn(model)) ?? null;

  return (
    <CatalogPlace
      title={t('title')}
      description={t('description')}
      addLabel={t('add')}
      query={query}
      isOwn={isOwn}
      own={(models) => <ModelTable label={t('own')} models={models} onEdit={setOpen} onDelete={setRemoved} />}
      empty={{ title: t('none'), text: t('noneText') }}
      sharedTitle={t('public')}
      shared={(models) => <ModelTable label={t('public')} models={models} />}
    >
      <Suspense>
        {(search.open === 'new' || edited) && (
          <ModelDialog key={search.open} model={edited} onClose={() => setOpen(undefined)} />
        )}
      </Suspense>
      <DeleteModelDialog model={removed} onClose={() => setRemoved(null)} />
    </CatalogPlace>
  );
}
