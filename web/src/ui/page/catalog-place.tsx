import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { FirstStep } from './first-step';
import { Loaded } from './loaded';
import { Place, Section } from './place';
import { usePageSearch } from './use-page-search';

interface Props<Item> {
  title: string;
  description: string;
  /** The button that opens the dialog `new`. */
  addLabel: string;
  query: { data: readonly Item[] | undefined; error: unknown; refetch: () => unknown };
  /** Whether an item belongs to the reader; the server brings the others. */
  isOwn: (item: Item) => boolean;
  own: (items: readonly Item[]) => ReactNode;
  /** Stands in place of the reader's own items when there are none. */
  empty: { title: string; text: string };
  sharedTitle: string;
  shared: (items: readonly Item[]) => ReactNode;
  /** More sections, and the dialogs that the address opens. */
  children: ReactNode;
}

/** A place that lists what the reader has made and, below, what the server brings. */
export function CatalogPlace<Item>(props: Props<Item>) {
  const { title, description, addLabel, query, isOwn, own, empty, sharedTitle, shared, children } = props;
  const { setOpen } = usePageSearch();
  const add = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen('new')}>
      {addLabel}
    </Button>
  );

  return (
    <Place title={title} description={description} actions={add}>
      <Loaded query={query}>
        {(items) => {
          const mine = items.filter(isOwn);
          const others = items.filter((item) => !isOwn(item));

          return (
            <>
              {mine.length > 0 ? own(mine) : <FirstStep {...empty} action={add} />}
              {others.length > 0 && <Section title={sharedTitle}>{shared(others)}</Section>}
            </>
          );
        }}
      </Loaded>
      {children}
    </Place>
  );
}
