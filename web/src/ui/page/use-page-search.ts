import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { type PageSearch, withoutEmpty } from './page-search';

/** Filters and open dialogs of a place, kept in its address so that it can be shared and goes back with the browser. */
export function usePageSearch() {
  const search: PageSearch = useSearch({ strict: false });
  const navigate = useNavigate();

  const change = useCallback(
    (changes: PageSearch, replace: boolean) =>
      void navigate({ to: '.', replace, search: (old: PageSearch) => withoutEmpty({ ...old, ...changes }) }),
    [navigate],
  );
  /** Changes filters; the list begins at its first page again unless `page` is among them. */
  const setSearch = useCallback((changes: PageSearch) => change({ page: undefined, ...changes }, true), [change]);
  /** Opens a dialog, or closes it with undefined. */
  const setOpen = useCallback((open: string | undefined) => change({ open }, open === undefined), [change]);

  return { search, setSearch, setOpen };
}
